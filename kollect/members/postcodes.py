"""Which address a postcode stands for, from JP Post's data, without any network.

The file `postcodes.bin`, which assets/make_postcodes.py writes, is a head and then blocks, each
deflated for itself: the cities, and for each first digit of a postcode the addresses in the order
of the postcodes. Only the blocks that are needed are read; the last one stays in memory until
`forget`.
"""

from __future__ import annotations

import struct
import zlib
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from pathlib import Path

from kollect.errors import Trouble

FILE = Path(__file__).with_name("postcodes.bin")
BLOCKS = 10
HEAD = struct.Struct(f"<40s{BLOCKS + 1}I")
"""The source, and how long each block is."""
ENCODING = "cp932"
"""JP Post's own; it is the shortest, too."""
COUNT, STEPS, CITIES = "<I", "<{}I", "<{}H"
"""How many addresses a block has; each postcode as its distance from the one before; the number of
its city. Behind these stand the lines, of which each is a town, and for some a name and a mark.
"""


@dataclass(frozen=True, slots=True)
class PostalAddress:
    """What a postcode says of an address. With several towns to one postcode there are several."""

    prefecture: str
    city: str
    """With its 郡, and its 区."""
    town: str = ""
    """Empty where JP Post names none. For an organisation 番地 too."""
    name: str = ""
    """What stands behind the 番地: a building with its floor, or the organisation."""
    is_complete: bool = False
    """No 番地 is missing: the postcode is that of one organisation alone."""

    @property
    def before_number(self) -> str:
        """The address up to where its 番地 is written."""
        return f"{self.prefecture}{self.city}{self.town}"

    @property
    def text(self) -> str:
        """All of it, to be completed."""
        return f"{self.before_number}\u3000{self.name}" if self.name else self.before_number


def find(code: str, file: Path = FILE) -> list[PostalAddress]:
    """The addresses of a postcode of seven digits; none where JP Post knows no such postcode.

    Raises Trouble where the file cannot be read.
    """
    try:
        codes, city_of, lines = _block(file, int(code[0]))
        cities = _cities(file)
        number = int(code)
        found = range(bisect_left(codes, number), bisect_right(codes, number))
        return [_address(cities[city_of[row]], lines[row]) for row in found]
    except (OSError, ValueError, LookupError, struct.error, zlib.error) as error:
        raise Trouble(
            "郵便番号の表を読めません",
            happened="郵便番号の表を読めないため、住所を入れられませんでした。",
            cure="住所を入力してください。登録はいつものとおりできます。",
            detail=f"{file}: {error!r}",
        ) from error


def forget() -> None:
    """Give back the memory, up to 5 MB: nobody is typing addresses any more."""
    _block.cache_clear()
    _cities.cache_clear()


def source(file: Path = FILE) -> str:
    """Whose data it is, and of when."""
    with file.open("rb") as there:
        name = HEAD.unpack(there.read(HEAD.size))[0]
    return str(name.rstrip(b"\0").decode("ascii"))


def _address(city: str, line: str) -> PostalAddress:
    prefecture, _, name = city.partition("\t")
    town, *more = line.split("\t")
    return PostalAddress(prefecture, name, town, more[0] if more else "", len(more) > 1)


@lru_cache(maxsize=1)
def _block(file: Path, digit: int) -> tuple[list[int], tuple[int, ...], list[str]]:
    """The postcodes, the numbers of the cities, and the lines."""
    data = _unsqueezed(file, 1 + digit)
    (count,) = struct.unpack_from(COUNT, data)
    steps, cities = STEPS.format(count), CITIES.format(count)
    middle = struct.calcsize(COUNT) + struct.calcsize(steps)
    codes = list(accumulate(struct.unpack_from(steps, data, struct.calcsize(COUNT))))
    lines = data[middle + struct.calcsize(cities) :].decode(ENCODING).split("\n")
    return codes, struct.unpack_from(cities, data, middle), lines


@lru_cache(maxsize=1)
def _cities(file: Path) -> list[str]:
    return _unsqueezed(file, 0).decode(ENCODING).split("\n")


def _unsqueezed(file: Path, number: int) -> bytes:
    with file.open("rb") as there:
        _, *lengths = HEAD.unpack(there.read(HEAD.size))
        there.seek(sum(lengths[:number]), 1)
        return zlib.decompress(there.read(lengths[number]), wbits=-15)
