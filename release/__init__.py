"""What a release needs beside the package itself; no part of the wheel."""
