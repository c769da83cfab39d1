"""What is said of a server that gave no answer."""

from data.address import Address
from rl.generation.faults import short


def test_no_part_of_a_secret_is_left_where_a_message_is_cut() -> None:
    key = "sk-0123456789abcdef"
    address = Address.of("http://localhost/v1", key)
    for length in range(150, 220):
        assert "sk-0" not in short("x" * length + f" {key}", address)
