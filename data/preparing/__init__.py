"""Preparing: the media that cases name become what models are shown: frames, transcripts, pictures of sound, pages."""
