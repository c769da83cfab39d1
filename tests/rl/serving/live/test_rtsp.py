"""RTSP: a recording sent by a real server raises the alarms of its file. The server is ``pip install
aio-rtsp-toolkit``, which Ruling itself does not need.
"""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytest.importorskip("aio_rtsp_toolkit")

from data import DataError
from data.media.live import source_of
from data.media.live.address import AddressSource
from data.media.live.feed import Pace
from data.windows import Alarm
from rl.runs.journal import Ended, Looked, Opened, read_journal
from rl.serving.live.watch import watch
from tests.data.media.live.broadcast import write_clip
from tests.loopback import HOST, free_port
from tests.rl.serving.live.scripted import BOOK, SeesDarkness
from tests.rl.serving.live.test_broadcasts import UNHURRIED

pytestmark = pytest.mark.slow  # it is sent at its own pace
DARK = (*range(4, 10), *range(16, 18))
SERVE = "import asyncio, sys; from aio_rtsp_toolkit import server; "
SERVE += "asyncio.run(server.serve(sys.argv[1], sys.argv[2], int(sys.argv[3]), control_port=None))"


@contextmanager
def serving(folder: Path, port: int) -> Iterator[str]:
    """The address of a folder's recordings, while they are served."""
    server = subprocess.Popen([sys.executable, "-c", SERVE, str(folder), HOST, str(port)], stdout=subprocess.DEVNULL)
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if not probe.connect_ex((HOST, port)):
                    break
            time.sleep(0.1)
        yield f"rtsp://{HOST}:{port}"
    finally:
        server.kill()
        server.wait()


def alarms_of(journal: Path) -> list[Alarm]:
    return [alarm for record in read_journal(journal) if isinstance(record, Looked | Ended) for alarm in record.alarms]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", 24, dark=DARK)


@pytest.mark.parametrize("transport", ["as it comes", "tcp"])
def test_rtsp_raises_the_alarms_of_the_file(clip: Path, tmp_path: Path, transport: str) -> None:
    watch(SeesDarkness(), source_of(str(clip)), BOOK, tmp_path / "file.jsonl", settings=UNHURRIED, pace=Pace(True))
    options = {} if transport == "as it comes" else {"rtsp_transport": transport}
    with serving(clip.parent, free_port()) as url:
        source = AddressSource(f"{url}/{clip.name}", options, patience=(10.0, 4.0))
        watch(SeesDarkness(), source, BOOK, tmp_path / "rtsp.jsonl", settings=UNHURRIED, pace=Pace(give_up=1.0))
    assert len(alarms_of(tmp_path / "file.jsonl")) == 2
    assert alarms_of(tmp_path / "rtsp.jsonl") == alarms_of(tmp_path / "file.jsonl")


def test_who_is_not_there_is_asked_again_and_given_up(tmp_path: Path) -> None:
    source = source_of(f"rtsp://me:secret@{HOST}:{free_port()}/gone.mp4")
    try:
        watch(SeesDarkness(), source, BOOK, tmp_path / "j.jsonl", settings=UNHURRIED, pace=Pace(give_up=1.0))
    except DataError as error:
        assert "secret" not in str(error)
    assert b"secret" not in (tmp_path / "j.jsonl").read_bytes()
    assert not [record for record in read_journal(tmp_path / "j.jsonl") if isinstance(record, Opened | Looked)]
