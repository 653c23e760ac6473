# ruff: noqa: E501 (lines of the package, with quotes around them)
"""One-line soundness bugs, each of which a test must notice: ``python -m tests.mutants``.

Every rounding, radius, inclusion, remainder and condition that a proof rests
on is left out once. A mutant that no test notices is a hole in the tests, and
the run fails; those known to change nothing that is claimed stand in
``EQUIVALENT`` with the reason.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
SUITE = (
    "tests/test_soundness.py",
    "tests/test_tubes.py",
    "tests/test_model.py",
    "tests/test_hostile.py",
    "tests/test_certified_branch.py",
    "tests/test_certificate.py",
    "tests/test_infinity.py",
    "tests/test_proved_births.py",
    "tests/test_guards.py",
    "tests/test_biased_proofs.py",
    "tests/test_hostile_files.py",
    "tests/test_plain_proofs.py",
)
FIRST = {  # where a mutant of a file is most likely noticed, and soonest
    "proof/tube.py": SUITE[1:2],
    "proof/cells.py": SUITE[1:2],
    "proof/branch.py": SUITE[1:2] + SUITE[4:5],
    "proof/remainder.py": SUITE[4:5],
    "proof/claims.py": SUITE[5:6],
    "proof/extended.py": SUITE[5:6],
    "proof/event.py": SUITE[5:6],
    "proof/certificate.py": SUITE[5:6],
    "proof/record.py": SUITE[3:4],
    "proof/bounds.py": SUITE[3:4],
    "proof/plain.py": SUITE[11:12],
    "proof/full.py": SUITE[3:4],
    "structure/structure.py": SUITE[3:4],
    "structure/checks.py": SUITE[3:4],
    "proof/germ.py": SUITE[6:7],
    "proof/sums.py": SUITE[6:7],
    "proof/infinity.py": SUITE[6:7],
    "proof/limit.py": SUITE[6:7],
    "proof/theorem.py": SUITE[6:7],
    "proof/teacher.py": SUITE[6:7],
    "proof/births.py": SUITE[7:8],
    "continuation/newton.py": SUITE[8:9],
    "continuation/trust.py": SUITE[8:9],
    "events/locate.py": SUITE[8:9],
    "exploration.py": SUITE[8:9],
    "proof/normal.py": SUITE[9:10],
    "proof/learnt.py": SUITE[9:10],
}


@dataclass(frozen=True)
class Mutant:
    """One line of a file of bifurc, changed."""

    file: str
    old: str
    new: str

    def __str__(self) -> str:
        return f"{self.file}: {self.old.strip()}  ->  {self.new.strip() or '(nothing)'}"


def of(file: str, *pairs: tuple[str, str]) -> list[Mutant]:
    """Mutants of one file."""
    return [Mutant(file, old, new) for old, new in pairs]


TABLE = [
    *of(
        "proof/interval.py",
        ("        return flint.arb(flint.fmpq(value.numerator, value.denominator))",
         "        return flint.arb(float(value))"),
        ("    return NotImplemented if plain is None else Ball(operation(one, flint.arb(plain)))",
         "    return NotImplemented if plain is None else Ball(operation(one, flint.arb(plain)).mid())"),
        ("        return _apply(flint.arb.__mul__, self.arb, other)",
         "        return _apply(flint.arb.__mul__, self.arb.mid(), other)"),
        ("            value = value * self.arb", "            value = value * self.arb.mid()"),
        ("        return Ball(self.arb.sqrt())", "        return Ball(self.arb.mid().sqrt())"),
        ("        return Ball(self.arb.acos())", "        return Ball(self.arb.mid().acos())"),
        ("        return self.arb > _plain(other)", "        return self.arb.mid() > _plain(other)"),
        ("        return self.arb == _plain(other)", "        return self.arb.overlaps(flint.arb(_plain(other)))"),
        ("        apart = first * second - inner * inner > 0", "        apart = first * second + inner * inner > 0"),
        ("        if not (apart | one).all():", "        if False:"),
        (" | problem.spiked", ""),
        ("    with _ALONE, flint.ctx.workprec(bits):", "    with flint.ctx.workprec(bits):"),
    ),
    *of(
        "proof/rounded.py",
        ("        return Enclosure(np.pi, 2.0**-51)", "        return Enclosure(np.pi, 0.0)"),
        ("        slack = UNIT * (self.mid.shape[axis] + 2)", "        slack = 0.0"),
        ("        rad = (self.rad + slack * np.abs(self.mid)).sum(axis) * GROW",
         "        rad = (slack * np.abs(self.mid)).sum(axis) * GROW"),
        ("    away = (value - flint.arb(mid)).abs_upper()", "    away = value.rad()"),
        ("    return mid, rad if away.is_zero() else rad + TINY", "    return mid, 0.0"),
        ("    return mid, rad if away.is_zero() else rad + TINY", "    return mid, rad"),
        ("    return [flint.arb(m, r) if r == r else flint.arb(\"nan\") for m, r in pairs]",
         "    return [flint.arb(m) if r == r else flint.arb(\"nan\") for m, r in pairs]"),
        ("    return Enclosure(mid, (ar + br + UNIT * np.abs(mid)) * GROW)",
         "    return Enclosure(mid, (ar + br) * GROW)"),
        ("    return Enclosure(mid, (ar + br + UNIT * np.abs(mid)) * GROW)",
         "    return Enclosure(mid, (ar + UNIT * np.abs(mid)) * GROW)"),
        ("    return Enclosure(mid, (ar + br + UNIT * np.abs(mid)) * GROW)",
         "    return Enclosure(mid, (br + UNIT * np.abs(mid)) * GROW)"),
        ("    rad = ar * (np.abs(b) + br) + UNIT * np.abs(mid)", "    rad = ar * (np.abs(b) + br)"),
        ("    rad = ar * (np.abs(b) + br) + UNIT * np.abs(mid)",
         "    rad = ar * np.abs(b) + UNIT * np.abs(mid)"),
        ("    rad = ar * (np.abs(b) + br) + UNIT * np.abs(mid)",
         "    rad = ar * br + UNIT * np.abs(mid)"),
        ("        rad = rad + size * br", "        pass"),
        ("    return Enclosure(mid, rad * GROW + TINY)", "    return Enclosure(mid, rad * GROW)"),
        ("    slack, size = UNIT * (a.shape[-1] + 3), np.abs(b)", "    slack, size = 0.0, np.abs(b)"),
        ("    rad = np.abs(a) @ (br + slack * (size + FLOOR))", "    rad = np.abs(a) @ (br + slack * size)"),
        ("    rad = np.abs(a) @ (br + slack * (size + FLOOR))",
         "    rad = np.abs(a) @ (slack * (size + FLOOR))"),
        ("        rad = rad + ar @ (size + br)", "        rad = rad + ar @ size"),
        ("        rad = rad + ar @ (size + br)", "        rad = rad + ar @ br"),
        ("    return Enclosure(mid, np.where(np.isfinite(mid), rad, np.inf))", "    return Enclosure(mid, rad)"),
        ("    mid, least = a / b, np.abs(b) - br", "    mid, least = a / b, np.abs(b)"),
        ("    rad = (ar + np.abs(mid) * br) / least + 2 * UNIT * np.abs(mid)",
         "    rad = (ar + np.abs(mid) * br) / least"),
        ("    rad = (ar + np.abs(mid) * br) / least + 2 * UNIT * np.abs(mid)",
         "    rad = ar / least + 2 * UNIT * np.abs(mid)"),
        ("    rad = (ar + np.abs(mid) * br) / least + 2 * UNIT * np.abs(mid)",
         "    rad = np.abs(mid) * br / least + 2 * UNIT * np.abs(mid)"),
        ("np.where(least > 0, rad * GROW + TINY / least + TINY, np.nan)",
         "rad * GROW + TINY / least + TINY"),
        ("np.where(least > 0, rad * GROW + TINY / least + TINY, np.nan)",
         "np.where(least > 0, rad * GROW, np.nan)"),
        ("    return Enclosure(mid, (ar / (mid + np.sqrt(least)) + UNIT * mid) * GROW + TINY)",
         "    return Enclosure(mid, ar / (mid + np.sqrt(least)) * GROW + TINY)"),
        ("    return Enclosure(mid, (ar / (mid + np.sqrt(least)) + UNIT * mid) * GROW + TINY)",
         "    return Enclosure(mid, (ar / (mid + mid) + UNIT * mid) * GROW + TINY)"),
        ("        found = [_double(function(flint.arb(p.real, p.imag))) for p in pairs.tolist()]",
         "        found = [_double(function(flint.arb(p.real))) for p in pairs.tolist()]"),
        ("    return gap.mid > gap.rad", "    return gap.mid > 0"),
        ("    return np.abs(gap.mid) > gap.rad", "    return np.abs(gap.mid) > 0"),
        ("    if not (np.isfinite(value.rad).all() and np.isfinite(value.mid).all()):", "    if False:"),
    ),
    *of(
        "proof/dual.py",
        ("        return Dual(value, ufunc(da, b) + ufunc(a, db))", "        return Dual(value, ufunc(da, b))"),
        ("    change = -(value * db)", "    change = value * db"),
        ("    return Dual(value, (change if da is None else da + change) / b)",
         "    return Dual(value, (change if da is None else da) / b)"),
        ("            only = -only", "            pass"),
        ("lambda a, value: 0.5 / value)", "lambda a, value: 1.0 / value)"),
        ("lambda a, value: -1 / np.sqrt(1 - a * a))", "lambda a, value: 1 / np.sqrt(1 - a * a))"),
        ("lambda a, value: power * a ** int(power - 1))", "lambda a, value: a ** int(power - 1))"),
    ),
    *of(
        "proof/model.py",
        ("        return self.poly(flint.arb(0, 1))", "        return self.poly(flint.arb(0))"),
        ("        return Model(y) + _cut(y * r.poly) * Ball(1 / (1 - size))", "        return Model(y)"),
        ("        return Model(y) + _cut(y * r.poly) * Ball(1 / (1 - size))",
         "        return Model(y) + _cut(y * r.poly)"),
        ("            raise NotCertifiedError(\"A divisor may vanish.\")", "            pass"),
        ("        return Model(y) + _cut(y * r.poly) * Ball(1 / (2 * rest * rest.sqrt()))",
         "        return Model(y)"),
        ("        return Model(y) + _cut(y * r.poly) * Ball(1 / (2 * rest * rest.sqrt()))",
         "        return Model(y) + _cut(y * r.poly) * Ball(0.5)"),
        ("        rest = 1 - size.union(flint.arb(0))", "        rest = 1 - size"),
        ("            total = total + (v - m) * slope", "            pass"),
        ("Ball(v.range().union(m.range())) for v, m", "Ball(m.range()) for v, m"),
        ("            if not slope.arb.is_finite():", "            if False:"),
        ("        total = total + _cut(path.poly.integral())",
         "        total = total + Model(path.poly.integral().truncate(ORDER + 1))"),
        ("(total + Ball(flint.arb(0, left.upper())))", "total"),
        ("    return Model(poly.truncate(ORDER) + flint.arb_poly([top]).left_shift(ORDER))",
         "    return Model(poly.truncate(ORDER + 1))"),
        ("    top = poly.right_shift(ORDER)(flint.arb(0, 1))", "    top = poly.right_shift(ORDER)(flint.arb(1))"),
        ("        return bool((self - other).range() > 0)", "        return bool((self - other).poly[0] > 0)"),
    ),
    *of(
        "proof/system.py",
        ("        if not outer.contains_interior(inner):", "        if not outer.contains(inner):"),
        ("        if not outer.contains_interior(inner):", "        if not outer.overlaps(inner):"),
        ("    return (column(point) - near * residual + defect * away).entries()",
         "    return (column(point) - near * residual).entries()"),
        ("    return (column(point) - near * residual + defect * away).entries()",
         "    return (column(point) - near * residual + defect.mid() * away).entries()"),
        ("    return (column(point) - near * residual + defect * away).entries()",
         "    return (column(point) - near * residual + defect * away.mid()).entries()"),
        ("    return (column(point) - near * residual + defect * away).entries()",
         "    return (column(point) - near * residual.mid() + defect * away).entries()"),
        ("    product = near * slopes", "    product = near * slopes.mid()"),
        ("    return [c + flint.arb(0, r) for c, r in zip(centre, radii, strict=True)]",
         "    return [c + flint.arb(0, 0 * r) for c, r in zip(centre, radii, strict=True)]"),
    ),
    *of(
        "proof/signs.py",
        ("            found.append(sum(others, start=flint.arb(0)).abs_upper())",
         "            found.append(flint.arb(0))"),
        ("            bool(abs(self.matrix[i, i] - self.matrix[j, j]) > radii[i] + radii[j])",
         "            bool(abs(self.matrix[i, i] - self.matrix[j, j]) > radii[i])"),
        ("        if not diagonal.apart(i):", "        if False:"),
        ("    if not all(disc > 0 or disc < 0 for disc in discs):", "    if False:"),
        ("    gaps = [disc.abs_lower() for disc in discs]", "    gaps = [abs(disc.mid()) for disc in discs]"),
        ("        back = basis.inv()", "        back = basis.inv().mid()"),
        ("    return Diagonal(back * kind(block) * basis, basis, back)",
         "    return Diagonal(back * kind(block.mid()) * basis, basis, back)"),
        ("    return real(moved[0, 0] / (left * right)[0, 0])", "    return real(moved[0, 0])"),
        ("        return self.inverse * change * self.basis", "        return self.inverse * change.mid() * self.basis"),
    ),
    *of(
        "proof/claims.py",
        ("    contract(whole, point, residual, system.jacobian(whole))", ""),
        ("    if not (diagonal.apart(i) and diagonal.matrix[i, i].imag > diagonal.radii()[i]):", "    if False:"),
        ("    if any(value.contains(0) for value in moved.values()):", "    if False:"),
        ("    others = block_signs(place, [c for c in problem.components if c != own])",
         "    others = {}"),
        ("    check_sizes(system.problem, place.lam)", ""),
        ("    check_sizes(problem, place.lam)", ""),
        ("        \"gap\": min(mine.gap, *(found.gap for found in others.values())),",
         "        \"gap\": max(mine.gap, *(found.gap for found in others.values())),"),
        ("        if not size[i] > 0:", "        if False:"),
        ("    if dimension > 0 and dimension >= least:", "    if dimension > 0:"),
        ("    raise NotCertifiedError(f\"Whether {component.label} exists changes within the box.\")",
         "    return False"),
        ("        if not value_of(problem, points.size, lam) >= least:", "        if False:"),
        ("    return tuple(i for i, length in enumerate(lengths) if not length.is_zero())",
         "    return tuple(i for i, length in enumerate(lengths) if length > 0.5)"),
    ),
    *of(
        "proof/learnt.py",
        ("    if one[:2] != other[:2] or one[2].keys() != other[2].keys():",
         "    if one[0] != other[0] or one[2].keys() != other[2].keys():"),
        ("    return all(a.is_exact() and b.is_exact() and a == b for a, b in pairs)",
         "    return all(a.overlaps(b) for a, b in pairs)"),
        ("        theirs.remove(match)", ""),
        ("    return not theirs", "    return True"),
        ("    two = {p.name for p in s.sets if at_exactly(problem, p.size, lam) == 2}",
         "    two = {p.name for p in s.sets}"),
    ),
    *of(
        "proof/certificate.py",
        ("    if not all(outer.contains(inner) for outer, inner in inside):", "    if False:"),
        ("    if data[\"unknowns\"] != list(system.unknowns) or len(centre) != len(system.unknowns):", "    if False:"),
        ("    narrow = contract(box(middle, small), middle, residual, system.jacobian(whole))",
         "    narrow = middle"),
        ("    if not is_learnt(problem, x, lam):", "    if False:"),
        ("    if list(stated) != list(proved):", "    if False:"),
        ("        if not _agrees(key, stated[key], value):", "        if False:"),
        ("        return stated == value", "        return True"),
        ("    if data.get(\"checksum\") != record.checksum(data):", "    if False:"),
        ("        record.only(data, *SEALED, *ENTRIES[_kind(data)])", "        _kind(data)"),
    ),
    *of(
        "proof/record.py",
        ("    if not value.is_exact():", "    if False:"),
        ("    if to_text(value) != text:", "    if False:"),
        ("    if texts(problem_to_data(problem)) != texts(data):", "    if False:"),
        ("    if name not in KERNELS:", "    if False:"),
        ("    if len(structure.coordinates) > most:", "    if False:"),
        ("        beside = off.text() if structure.tied(rows[r], columns[c]) else \"0\"", "        beside = off.text()"),
        ("                if n not in running", ""),
        ("    if len(table) < len(pairs):", "    if False:"),
        ("    if exactly(text.lstrip(\"-\")) != abs(Fraction(repr(number))):", "    if False:"),
        ("    check_names(\"Parameter\", [*line, LAM])", ""),
        ("    only(data, \"centre\", \"radius\")", ""),
        ("    if not all(r > 0 for r in radius):", "    if False:"),
    ),
    *of(
        "proof/bounds.py",
        ("    return _moved(text, SLACK if up else -SLACK)", "    return text"),
        ("    return all(bound_fits(value, text, up) for text, up in zip(stated, (False, True), strict=True))",
         "    return True"),
        ("    return bool(edge >= value if up else edge <= value) and bool(sign * edge <= sign * farthest)",
         "    return bool(edge >= value if up else edge <= value)"),
        ("    return bool(edge >= value if up else edge <= value) and bool(sign * edge <= sign * farthest)",
         "    return bool(sign * edge <= sign * farthest)"),
        ("    inside = bool(low <= value) and bool(value <= high) and not (low <= 0 and high >= 0)",
         "    inside = bool(low <= value) and not (low <= 0 and high >= 0)"),
        ("    inside = bool(low <= value) and bool(value <= high) and not (low <= 0 and high >= 0)",
         "    inside = bool(value <= high) and not (low <= 0 and high >= 0)"),
        ("    return inside and bool(high - low <= LOOSE * (above - below))", "    return inside"),
        ("    return bool(low > 0) and bool(value >= low) and bool(LOOSE * low >= value.lower())",
         "    return bool(low > 0) and bool(LOOSE * low >= value.lower())"),
        ("    return bool(low > 0) and bool(value >= low) and bool(LOOSE * low >= value.lower())",
         "    return bool(low > 0) and bool(value >= low)"),
        ("        return given if fits(proved, given) else interval(proved)",
         "        return given if isinstance(given, list) else interval(proved)"),
    ),
    *of(
        "proof/plain.py",
        ("    contract(whole, centre, system.residual(centre), slopes)", ""),
        ("    slopes = system.jacobian(whole)", "    slopes = system.jacobian(centre)"),
        ("    if record.texts(problem.source) != record.texts(data):", "    if False:"),
        ("    if len(centre) != problem.n:", "    if False:"),
    ),
    *of(
        "structure/structure.py",
        ("        checks.check_weights(self)", ""),
        ("        checks.check_teacher(self)", ""),
        ("            checks.check_tie(self, generator)", "            pass"),
    ),
    *of(
        "structure/checks.py",
        ("        if structure.size[one] != structure.size[other]:", "        if False:"),
        ("            if [weights.get(b, 1.0) for b in mine] != [weights.get(b, 1.0) for b in yours]:",
         "            if len(mine) != len(yours):"),
        ("            if entry_of(table, entry) != entry_of(table, image):", "            if False:"),
        ("        if not isinstance(name, str) or not NAME.fullmatch(name):", "        if not isinstance(name, str):"),
        ("        if name in seen:", "        if False:"),
    ),
    *of(
        "proof/tube.py",
        ("        return models([box(self.curve[0], self.radius), *self.curve[1:]])",
         "        return self.thin"),
        ("                [(int(i == j) - value).range().abs_upper() for j, value in enumerate(row)]",
         "                [abs((int(i == j) - value).at(flint.arb(0)).mid()) for j, value in enumerate(row)]"),
        ("        if not all(r > 0 for r in self.radius):", "        if False:"),
        ("            if not near + far < r:", "            if not near < r:"),
        ("            if not near + far < r:", "            if not far < r:"),
        ("        if not self.pace.range() > 0:", "        if False:"),
        ("        if not self.contraction < 1:", "        if False:"),
        ("        error = share / (1 - self.contraction)", "        error = share"),
        ("        return near + models([[flint.arb(0, 1) * (error * r) for r in self.radius]])", "        return near"),
        ("            moved = moved + defect * column(minus(zero, centre))", ""),
        ("        zero, slopes = self.enclose(flint.arb(1))",
         "        zero, slopes = self.enclose(flint.arb(1))\n        zero = [value.mid() for value in zero]"),
        ("            if not abs(away) < r:", "            if False:"),
        ("        if not dot(self.direction, tangent) > 0:", "        if False:"),
        ("        s = s + flint.arb(0, 1) * (width + flint.arb(2) ** (16 - flint.ctx.prec))", ""),
        ("        if not (low >= -1 and high <= 1):", "        if False:"),
        ("        if not (height.at(low) < target and height.at(high) > target):", "        if False:"),
        ("    return [value.range().abs_upper() for value in moved]",
         "    return [abs(value.at(flint.arb(0)).mid()) for value in moved]"),
        ("    return reduce(flint.arb.max, (value.abs_upper() for value in values))",
         "    return reduce(flint.arb.min, (value.abs_upper() for value in values))"),
    ),
    *of(
        "proof/cells.py",
        ("            if counts == [before, before + (cell.crossing or 0)]:", "            if True:"),
        ("        return self.tube.enclose(interval(low, high))[0][-1]",
         "        return self.tube.enclose(flint.arb((low + high) / 2))[0][-1]"),
        ("        whole = diagonal.matrix + diagonal.carry(slope) * unit + diagonal.carry(rest)",
         "        whole = diagonal.matrix + diagonal.carry(slope) * unit"),
        ("        whole = diagonal.matrix + diagonal.carry(slope) * unit + diagonal.carry(rest)",
         "        whole = diagonal.matrix + diagonal.carry(rest)"),
        ("        signs(diagonal, crossing=True)", ""),
        ("        if rate.contains(0) or not rate.is_finite():", "        if False:"),
        ("        change = _arb_matrix([entry.at(cell) for entry in self.change.flat])",
         "        change = _arb_matrix([entry.at(cell).mid() for entry in self.change.flat])"),
        ("        return -1 if rate > 0 else 1", "        return -1 if rate < 0 else 1"),
        ("    return flint.arb(first).union(flint.arb(last))", "    return flint.arb((first + last) / 2)"),
        ("    return own[0], own[1], own.right_shift(2)(unit) * unit", "    return own[0], own[1], flint.arb(0)"),
        ("        if present is False:", "        if not present:"),
    ),
    *of(
        "proof/branch.py",
        ("        check_sizes(self.problem, Ball(tube.lam.range()))", ""),
        ("        tube.prove()", ""),
        ("        entry = self.tubes[-1].leads_to(tube) if self.tubes else flint.arb(-1)",
         "        entry = flint.arb(-1)"),
        ("        first = np.nextafter(float(entry.lower()), -2.0) if self.tubes else -1.0", "        first = 0.9"),
        ("        ends = [t.thick[-1].at(flint.arb(s)) for t, s in ((self.tubes[0], -1), (self.tubes[-1], 1))]",
         "        ends = [t.thin[-1].at(flint.arb(s)) for t, s in ((self.tubes[0], -1), (self.tubes[-1], 1))]"),
        ("            if known is None:\n                raise", "            if False:\n                raise"),
        ("            if moving and moving[-1][1].crossing != cell.crossing:", "            if False:"),
        ("            if moving:\n                raise NotCertifiedError(f\"{along",
         "            if False:\n                raise NotCertifiedError(f\"{along"),
        ("            if not moving or cell.negative - known != moving[0][1].crossing:", "            if False:"),
        ("    if moving:\n        raise", "    if False:\n        raise"),
        ("        if after != before:\n            return found\n        found = []",
         "        return found"),
        ("            \"is_minimum\": not any(map(any, negative.values())),", "            \"is_minimum\": True,"),
        ("        if shapes != {problem.n + 1} or len(curve) != ORDER + 1:", "        if False:"),
        ("        record.only(piece, \"curve\", \"radius\", \"direction\")", ""),
    ),
    *of(
        "proof/remainder.py",
        ("        if not ends or not min(ends, key=float) < first or not max(ends, key=float) > last:",
         "        if not ends:"),
        ("            tube.prove()", "            pass"),
        ("            tube.leads_to(following)", "            pass"),
        ("    return total + sum(slopes * away)", "    return total"),
    ),
    *of(
        "proof/extended.py",
        ("        return list(z[:n]), z[n]", "        return [v.mid() for v in z[:n]], z[n]"),
        ("        return list(z[:n]), z[n]", "        return list(z[:n]), z[n].mid()"),
        ("        below = [self.turned(place, phi), self.entries(place)[:, self.free]]",
         "        below = [0 * self.turned(place, phi), self.entries(place)[:, self.free]]"),
        ("        return list(z), self.lam.arb\n\n    def over", "        return [v.mid() for v in z], self.lam.arb\n\n    def over"),
    ),
    *of(
        "proof/event.py",
        ("        _agree(found, event)", ""),
        ("            found = proved_on(system, whole, centre, residual)",
         "            found = proved_on(system, whole, centre, 0 * residual)"),
        ("        if abs(one - other) > 1e-6:", "        if False:"),
        ("    if found[\"exists\"] == event.formal:", "    if False:"),
    ),
    *of(
        "proof/full.py",
        ("    if index != round(stated) or gap < float(data[\"proved\"][\"gap\"]) / RESERVE:", "    if False:"),
        ("        return bool(inside.all() and (self.student.rad < r).all())", "        return True"),
        ("        defect = np.eye(len(near)) - near @ slopes",
         "        defect = np.eye(len(near)) - near @ Enclosure(slopes.mid, 0.0)"),
        ("        moved = finite(defect @ away - near @ finite(point.gradient))",
         "        moved = finite(defect @ away)"),
        ("        if not (least > 0).all():", "        if False:"),
        ("        if not error < 1:", "        if False:"),
        ("        least = np.abs(middle) - _row_sums(matrix - np.diag(middle)) * GROW", "        least = np.abs(middle)"),
    ),
    *of(
        "proof/germ.py",
        ("        return self.whole().poly(flint.arb(0.5, 0.5))", "        return self.whole().poly(flint.arb(0))"),
        ("        if self.power < 0:", "        if False:"),
        ("        value = self.model.poly(flint.arb(0.5, 0.5))", "        value = self.model.poly(flint.arb(0))"),
        ("        if not (self.is_zero or value > 0 or value < 0):", "        if False:"),
        ("        if self.power % 2:", "        if False:"),
        ("        if not abs(between) < 1:", "        if False:"),
        ("        return Germ(angle + Model(poly - middle) * Ball((1 - between * between).rsqrt()))",
         "        return Germ(angle)"),
        ("        while least < poly.length() and poly[least].is_zero():",
         "        while least < poly.length() and poly[least].contains(0):"),
    ),
    *of(
        "proof/sums.py",
        ("        if not _leading(self.inner(row, v, True)).sign() > 0:", "        if False:"),
    ),
    *of(
        "proof/infinity.py",
        ("        if after - before != len(group):", "        if False:"),
        ("        if len(one) + len(two) != len(form):", "        if False:"),
        ("            if row.points != other.points or len(signs) != 1:", "            if len(signs) != 1:"),
    ),
    *of(
        "proof/limit.py",
        ("    _one_zero(family, centre, box, radius)", ""),
        ("            total = total + defect * (flint.arb(0, 1) * radius)", ""),
        ("        if not abs(total.range()) < radius:", "        if False:"),
        ("    if not e <= family.reach:", "    if False:"),
        ("    if record.kernel_name(problem) != \"relu\" or not plain:", "    if not plain:"),
    ),
    *of(
        "proof/theorem.py",
        ("    if branch[\"problem\"] != limit[\"problem\"]:", "    if False:"),
        ("        if not holds(limit, x, lam):", "        if False:"),
        ("    if any(len(run) != 1 + named.count(label) for label, run in proved[\"negative\"].items()):",
         "    if False:"),
    ),
    *of(
        "proof/teacher.py",
        ("        if i:", "        if False:"),
        ("        if not self.is_zero:\n            raise NotCertifiedError(\"Two rows",
         "        if False:\n            raise NotCertifiedError(\"Two rows"),
        ("        return bool(found) and all(value > 0 for value in found)", "        return bool(found) and found[-1] > 0"),
        ("        return bool(found) and all(value > 0 for value in found)",
         "        return all(value > 0 for value in found)"),
        ("    if any(sign != 1 for _, sign in family.matched):", "    if False:"),
        ("        for k in range(1, len(form) + 1):", "        for k in range(1, 2):"),
        ("        if not (spare.is_zero or spare.positive_beyond(beyond)):", "        if False:"),
    ),
    *of(
        "proof/complete.py",
        ("    if any(count(low.union(high)) != POINTS for low, high in zip(ends, ends[1:], strict=False)):",
         "    if False:"),
        ("        if sign != before:", "        if False:"),
        ("            if run not in (None, sign):", "            if False:"),
        ("            if run != sign:", "            if False:"),
        ("    if depth >= DEEPEST:", "    if depth >= 1:\n        return [(\"sign\", 1)]\n    if False:"),
        ("    return least.union(most)", "    return (least + most) / 2"),
    ),
    *of(
        "proof/births.py",
        ("        if not rest > 0 or (component.irrep == \"y\" and not rest >= 2):", "        if False:"),
        ("    if multiplicity != 1:", "    if False:"),
        ("    if speed.contains(0) or coefficient.contains(0) or not coefficient.is_finite():", "    if False:"),
        ("    if list(parts) != list(component.sets):", "    if False:"),
        ("                if any(not (phi[one] - phi[k]).contains(0) for k in others):", "                if others:"),
        ("    speed = dot(psi, [a - b - c for a, b, c in terms])", "    speed = dot(psi, [a - b for a, b, c in terms])"),
    ),
    *of(
        "continuation/newton.py",
        ("        if size < enough or (size < STUCK and size >= last / 2):", "        if size < enough:"),
    ),
    *of(
        "continuation/trust.py",
        ("    if not way.holds(found.X, missed):", "    if False:"),
        ("    if not jump and abs(way.rise(way.place(found.X))) > APEX:", "    if False:"),
        ("    count = int(np.count_nonzero(values < ONE_PLACE * scale + rounding))", "    count = 1"),
    ),
    *of(
        "events/locate.py",
        ("        return self.kernel - eigen.right[:, rest] @ shares", "        return self.kernel"),
    ),
    *of(
        "proof/normal.py",
        ("+ (a - middle) * flint.arb(0, STEEPEST)", ""),
        ("    if x > flint.ctx.prec:\n", "    if x > 8:\n"),
        ("return flint.arb(0, weight.upper())", "return flint.arb(0)"),
        ("total + flint.arb(0, left.upper())", "total"),
        ("apart = h * k > 0 or (h * k == 0 and h + k > 0)", "apart = h * k > 0"),
        ("return flint.arb(0.25 if k > 0 else -0.25)", "return flint.arb(0.25)"),
    ),
    *of(
        "proof/rounded.py",
        ("total = total + slope * Enclosure(np.zeros(value.shape), value.rad)", "pass"),
    ),
    *of(
        "proof/interval.py",
        ("value = value + Ball(v.arb - v.arb.mid()) * slope", "pass"),
        ("equal & (kinks[0] == kinks[1])", "equal"),
    ),
    *of(
        "proof/learnt.py",
        ("if any(not value.is_zero() for entry, value in values.items() if entry.row == OUTPUT):", "if False:"),
        ("if not values or s.decay.terms or s.trained", "if not values or s.trained"),
    ),
    *of(
        "exploration.py",
        ("for p in branch.points[first : first + 2])", "for p in branch.points[first : first + 1])"),
    ),
]  # fmt: skip

# changed, but nothing false can be claimed: (file, old, new): reason
EQUIVALENT: dict[tuple[str, str, str], str] = {
    (
        "proof/normal.py",
        "total + flint.arb(0, left.upper())",
        "total",
    ): "terms fall and alternate, so what is left out is below 2**-bits a/12, and the rounding of "
    "arctan a alone has a larger radius",
    (
        "proof/tube.py",
        "        if not (height.at(low) < target and height.at(high) > target):",
        "        if False:",
    ): "the width is twice what the mean value theorem asks for with the pace of a proved tube, "
    "so that these hold; only where the pace is not proved do they not, and prove() asks for it",
    (
        "proof/record.py",
        "    if not value.is_exact():",
        "    if False:",
    ): "to_text, which follows, refuses a number that is not exact as well",
    (
        "proof/births.py",
        "    speed = dot(psi, [a - b - c for a, b, c in terms])",
        "    speed = dot(psi, [a - b for a, b, c in terms])",
    ): "c is the second derivative along the branch, where the gradient is 0: it is minus a "
    "derivative of the gradient times x'', which psi annuls",
}


def survives(mutant: Mutant) -> bool:
    """Whether all tests pass with the mutant in the place of the package."""
    first = FIRST.get(mutant.file, SUITE[:1])
    suite = (*first, *(path for path in SUITE if path not in first))
    with tempfile.TemporaryDirectory() as folder:
        for name in ("bifurc", "tests", "cases"):
            shutil.copytree(ROOT / name, Path(folder, name), ignore=shutil.ignore_patterns("*.pyc"))
        for name in ("pyproject.toml", "README.md", "CHANGELOG.md"):
            shutil.copy(ROOT / name, folder)
        path = Path(folder, "bifurc", mutant.file)
        text = path.read_text(encoding="utf-8")
        assert text.count(mutant.old) == 1, f"{mutant} is not one place"
        changed = text.replace(mutant.old, mutant.new)
        compile(changed, mutant.file, "exec")  # else every test would fail, and say nothing
        path.write_text(changed, encoding="utf-8")
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-x",
            "-q",
            "-n0",
            "-p",
            "no:cacheprovider",
            *suite,
        ]
        found = subprocess.run(
            command, cwd=folder, env={**os.environ, "PYTHONPATH": folder}, capture_output=True,
            text=True, timeout=1800, check=False,
        )  # fmt: skip
        if found.returncode not in (0, 1):
            raise RuntimeError(f"{mutant}: the tests did not run:\n{found.stdout[-2000:]}")
        return found.returncode == 0


def main() -> int:
    """Try all mutants, or those whose text contains an argument; 1 if one survives."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("texts", nargs="*", help="only mutants that contain one of these texts")
    parser.add_argument("--jobs", type=int, default=1, help="how many at a time")
    arguments = parser.parse_args()
    chosen = [m for m in TABLE if not arguments.texts or any(t in str(m) for t in arguments.texts)]
    alive = 0
    with ThreadPoolExecutor(arguments.jobs) as pool:
        for mutant, verdict in zip(chosen, pool.map(judged, chosen), strict=True):
            alive += verdict == "SURVIVES"
            print(f"{verdict:10} {mutant}", flush=True)
    print(f"{alive} of {len(chosen)} survive")
    return int(alive > 0)


def judged(mutant: Mutant) -> str:
    """What becomes of a mutant, in one word."""
    if (mutant.file, mutant.old, mutant.new) in EQUIVALENT:
        return "equivalent"
    return "SURVIVES" if survives(mutant) else "killed"


if __name__ == "__main__":
    raise SystemExit(main())
