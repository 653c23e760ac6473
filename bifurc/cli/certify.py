"""``bifurc certify``: prove an event, or the kind of critical points, in interval arithmetic."""

from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from typing import Any

from bifurc.cli.common import (
    add_family,
    assignment,
    bar,
    check_place,
    family_of,
    number,
    print_json,
)
from bifurc.errors import EndedEarlyError

EPILOG = """examples:
  bifurc certify II --event s:bulk --digits 50 -o cert.json
  bifurc certify M --event s:bulk --from 12 --to 6
  bifurc certify II --event s:bulk --births -o births.json
  bifurc certify II --at d=6
  bifurc certify II --at d=6..40 -o minima.json
  bifurc certify cases/chain.toml --at lam=1/2 -o rest.json
  bifurc certify A --branch --from 40 --to 3.2 -o branch.json
  bifurc certify II --infinity --to 5.5 -o theorem.json
  bifurc certify M --branch --from 40 --to 3.2 --partial -o branch.json
"""


def add(commands) -> None:
    """Declare the command."""
    command = commands.add_parser(
        "certify",
        help="prove an event or a minimum, and write a certificate",
        description="Prove an event of a family, or the kind of its critical points at given "
        "sizes, and write a certificate that `bifurc check` proves again. Where equal neurons "
        "exchange norm at no cost, eigenvalues are those off these directions. Not proved: events "
        "where several eigenvalues of one block vanish, and branch points in t.",
        epilog=EPILOG,
    )
    add_family(command)
    what = command.add_mutually_exclusive_group(required=True)
    what.add_argument("--event", metavar="IRREP:SET", help="the event, such as s:bulk or t")
    what.add_argument(
        "--at", dest="size", metavar="NAME=VALUE", help="a size d=6, or whole ones d=6..40"
    )
    what.add_argument(
        "--branch", action="store_true", help="the whole branch from --from on, to --to"
    )
    what.add_argument(
        "--infinity", action="store_true", help="the branch from --to on, to infinity (relu)"
    )
    command.add_argument(
        "--births", action="store_true", help="of an event, the branches that are born there too"
    )
    command.add_argument(
        "--partial", action="store_true", help="of a branch, what is proved where the proof ends"
    )
    command.add_argument("--near", type=number, help="where the event is, if there are several")
    command.add_argument("--digits", type=int, default=15, help="decimal digits (default 15)")
    command.add_argument("--param", default="d", help="the parameter that runs (default d)")
    command.add_argument("--from", dest="first", type=number, default=40.0, metavar="VALUE")
    command.add_argument("--to", dest="last", type=number, default=3.1, metavar="VALUE")
    command.add_argument("-o", "--output", metavar="FILE", help="where to write the certificate")
    command.add_argument("-v", "--verbose", action="count", default=0, help="log what is done")
    command.set_defaults(run=run)


def run(arguments) -> None:
    """Prove, then write or print the certificate."""
    from bifurc.certified import certify, certify_to_infinity
    from bifurc.proof.births import certify_births
    from bifurc.proof.record import save

    check_place(arguments.output)
    family, early = given_by(arguments), None
    where: dict[str, Any] = arguments.runs or {arguments.param: (arguments.first, arguments.last)}
    if arguments.infinity:
        data = certify_to_infinity(family, arguments.last, arguments.param)
    elif arguments.branch:
        data = certify(family, partial=arguments.partial, **where)
    elif arguments.event is not None:
        data = certify(family, arguments.event, arguments.near, arguments.digits, **where)
        data = certify_births(data) if arguments.births else data
    else:
        name, text = assignment(arguments.size)
        data, early = proved_at(family, name, sizes(text), arguments.digits)
    if arguments.output:
        save(arguments.output, data)
        print("\n".join(lines(data)))
    else:
        print_json(data)
    if early:
        raise EndedEarlyError(early)


def given_by(arguments):
    """The family that the arguments name, or the case file of a model."""
    from bifurc.case import Case
    from bifurc.seeds import named

    if isinstance(named(arguments.family), Case):
        return arguments.family
    return family_of(arguments)


def proved_at(family, name: str, values: Sequence, digits: int) -> tuple[dict, str | None]:
    """The certificate of all sizes, or of those before an interrupt, and how many are left."""
    from bifurc.certified import certify
    from bifurc.proof.certificate import join

    found: list[dict] = []
    try:
        for value in bar(values, "size"):
            found.append(certify(family, digits=digits, **{name: value}))
        early = None
    except KeyboardInterrupt:
        if not found:
            raise
        early = f"interrupted; proved for the first {len(found)} of {len(values)} sizes."
    return found[0] if len(found) == 1 else join(found), early


def sizes(text: str):
    """A number as it is written, or the whole numbers of ``6..40``.

    Raises
    ------
    ValueError
        If it is neither.
    """
    from fractions import Fraction

    first, dots, last = text.partition("..")
    try:
        values = range(int(first), int(last) + 1) if dots else [Fraction(text)]
    except (ValueError, ZeroDivisionError):
        raise ValueError(f"--at needs d=6 or d=6..40, got {text!r}.") from None
    if not values:
        raise ValueError(f"--at is empty: the smaller size comes first, got {text!r}.")
    return values


def lines(data: dict) -> list[str]:
    """What a certificate proves, for a person: of which problem, where, and what."""
    if data["kind"] == "set":
        return [line for one in data["certificates"] for line in lines(one)]
    if data["kind"] == "births":
        return [*lines(data["certificates"][0]), *births(data)]
    if data["kind"] == "theorem":
        of_branch, of_limit = data["certificates"]
        every = f"at every real lam > {data['proved']['beyond']}, to infinity"
        first = f"{subject_of(of_branch)}: {signs_of(data['proved'])} {every}"
        return [first, *spectrum(of_limit["proved"]), *lines(of_branch)]
    subject, (first, *more) = subject_of(data), _SENTENCES[data["kind"]](data, data["proved"])
    return [f"{subject}{first}", *more]


def births(data: dict) -> list[str]:
    """The branches that are born at an event."""
    found = []
    for parts, born in zip(data["splits"], data["proved"]["born"], strict=True):
        where = ", ".join(f"{name} {', '.join(map(str, p))}, rest" for name, p in parts.items())
        power = "s" if born["kind"] == "transcritical" else "s²"
        found.append(
            f"  born, parts {where}: one {born['kind']} branch, lam = lam* + k {power} to leading "
            f"order, s how far {born['coordinate']} is from the known branch, "
            f"{' <= k <= '.join(born['coefficient'])}"
        )
    return found


def off(proved: dict) -> str:
    """What is said of eigenvalues that are zero by structure."""
    return " off neutral directions" if "neutral" in proved else ""


def of_point(data: dict, proved: dict) -> list[str]:
    """One critical point."""
    kind = "minimum" if proved["is_minimum"] else f"saddle of index {proved['index']}"
    return [f" at lam = {data['lam']}: {kind}, every |eigenvalue|{off(proved)} > {proved['gap']}"]


def of_model(data: dict, proved: dict) -> list[str]:
    """One critical point of a model."""
    index = f"critical point of index {proved['index']} of {len(data['narrow']['centre'])}"
    kind = "minimum" if proved["is_minimum"] else index
    return [f" at lam = {data['lam']}: {kind}, every |eigenvalue| > {proved['gap']}"]


def of_event(data: dict, proved: dict) -> list[str]:
    """An event."""
    where = data["component"]
    label = f"{where['irrep']}[{where['set']}]" if where["set"] else where["irrep"]
    formal = "" if proved["exists"] else " (formal)"
    if data["kind"] == "pair":
        formal += ", two eigenvalues that are not real"
    return [f" at lam = {proved['value']}: {label}{formal}, {proved['transition']}"]


def of_branch(data: dict, proved: dict) -> list[str]:
    """A branch, with its crossings."""
    first, *more = branch_lines(proved, off(proved))
    return [f": {first}", *more]


def of_limit(data: dict, proved: dict) -> list[str]:
    """A family at every large size."""
    first = f": {signs_of(proved)} at every real lam >= {proved['from']}, to infinity"
    return [first, *spectrum(proved)]


def of_teacher(data: dict, proved: dict) -> list[str]:
    """The teacher at every size."""
    return [f": W = V is a minimum at every real lam > {proved['beyond']}", *spectrum(proved)]


def spectrum(proved: dict) -> list[str]:
    """Limits of eigenvalues, and of those that grow, with the blocks that have them."""
    found = []
    for name, unit in (("limits", ""), ("growth", " lam")):
        blocks: dict[str, list[str]] = {}
        for label, values in proved[name].items():
            for value in values:
                blocks.setdefault(rounded(*value), []).append(label)
        found += [f"{value}{unit} ({', '.join(of)})" for value, of in sorted(blocks.items())]
    return [f"  eigenvalues, as lam grows: {'; '.join(found)}"] if found else []


def rounded(low: str, high: str) -> str:
    """A decimal within 1e-7 of every number between two, or both of them."""
    text = f"{(Decimal(low) + Decimal(high)) / 2:.7f}"
    near = all(abs(Decimal(text) - Decimal(end)) < Decimal("1e-7") for end in (low, high))
    return text if near else f"{low} to {high}"


def of_all(data: dict, proved: dict) -> list[str]:
    """All critical points with all symmetries."""
    return [
        f" at every real lam >= {proved['from']}: {proved['points']} critical points with all "
        "symmetries and no zero row: W = V, type A, and two with all rows equal"
    ]


_SENTENCES = {
    "model": of_model,
    "point": of_point,
    "learnt": of_point,
    "event": of_event,
    "pair": of_event,
    "branch": of_branch,
    "limit": of_limit,
    "teacher": of_teacher,
    "complete": of_all,
}


def signs_of(proved: dict) -> str:
    """A minimum, or how many eigenvalues of which blocks are negative."""
    if proved["is_minimum"]:
        return "one smooth branch, a minimum"
    negative = ", ".join(f"{count} in {label}" for label, count in proved["negative"].items())
    return f"one smooth branch, negative eigenvalues {negative}"


def subject_of(data: dict) -> str:
    """Kernel, structure, weights and parameters of a certificate, and where in its space it is."""
    from bifurc.proof.record import coordinates

    problem = data["problem"]
    at = ", ".join(f"{name} {text}" for name, text in coordinates(data).items())
    if data["kind"] == "model":
        given = (f"{name} = {_values(value)}" for name, value in problem["parameters"].items())
        return f"{problem['model']}({', '.join(given)}); x = ({at})"
    kernel, running = problem["kernel"], problem.get("kernel_parameters", {})
    plain = {name: double(value) for name, value in kernel["parameters"].items()}
    fields = ", ".join(f"{n} = {v}" for n, v in {**plain, **running}.items())
    sets = ", ".join(f"{name}: {size}" for name, size in problem["sets"].items())
    parts = [f"{kernel['name']}{f'({fields})' if fields else ''} on {sets}"]
    rows = {key: [name for name, _ in problem[key]] for key in ("students", "inputs", "teachers")}
    if set(map(tuple, rows.values())) != {tuple(problem["sets"])}:
        parts += [f"{key} {', '.join(names) or 'none'}" for key, names in rows.items()]
    identity = {(name, name, "1", "0") for name in rows["inputs"]}
    if rows["inputs"] != rows["teachers"] or identity != set(map(tuple, problem["teacher"])):
        parts.append(f"teacher {', '.join(map(entry, problem['teacher'])) or '0'}")
    for key in ("student_weights", "teacher_weights"):
        if problem[key]:
            weights = ", ".join(f"{name} {double(value)}" for name, value in problem[key].items())
            parts.append(f"{key.replace('_', ' ')} {weights}")
    parts += [
        "tied " + ", ".join(f"{one} -> {other}" for one, other in tie.items())
        for tie in problem.get("ties", ())
    ]
    if bias := problem.get("bias"):
        parts.append(f"biases {bias}")
    if taught := problem.get("biases"):
        parts.append("biases of the teacher " + ", ".join(f"{row} {b}" for row, b in taught))
    if decay := problem.get("decay"):
        towards = "".join(f" towards {entry(given)}" for given in problem.get("reference", ()))
        parts.append(f"decay {decay}{towards}")
    way = {"branch": "from W = ", "limit": "towards W = "}.get(data["kind"], "W = ")
    parts += [f"{way}({at})"] if at else []
    line = ", ".join(f"{name} = {text}" for name, text in problem["line"].items())
    return "; ".join([*parts, line])


def _values(value) -> str:
    """A number, or several."""
    return f"[{', '.join(map(double, value))}]" if isinstance(value, list) else double(value)


def entry(given: list) -> str:
    """An entry of a teacher, and the one off the diagonal where that is not 0."""
    row, column, one, off = given
    return f"{row}.{column} {one}" + (f" (off {off})" if off != "0" else "")


def double(value) -> str:
    """A number as it is computed with: what is no double is said to be the nearest one."""
    from fractions import Fraction

    return f"{value}" if Fraction(repr(value)) == Fraction(value) else f"the double {value}"


def branch_lines(proved: dict, off: str = "") -> list[str]:
    """What the certificate of a branch proves."""
    kind = f"a minimum{off} throughout"
    if not proved["is_minimum"]:
        kind = f"no crossing{off} but those listed"
    return [
        f"{inner_hull(proved)}: one smooth branch, {kind}",
        *(
            f"  {event['component']} {'folds' if event['component'] == 't' else 'crosses zero'} "
            f"once between {' and '.join(event['at'])}"
            for event in proved["events"]
        ),
    ]


def inner_hull(proved: dict) -> str:
    """From where to where a branch is proved, in decimals that lie on it."""
    first, last = proved["window"]
    folds = [event["at"] for event in proved["events"] if event["component"] == "t"]
    towards, since = (folds[0], folds[-1]) if folds else (last, first)
    for digits in (6, 8, 10):
        start, end = inwards(first, towards, digits), inwards(last, since, digits)
        if start is None or end is None or start == end:
            continue
        if folds or (start < end) == rising(first, last):
            way = f" and back at {len(folds)} fold{'s' * (len(folds) > 1)}" if folds else ""
            return f"from lam = {start:f}{way} to {end:f}"
    return f"within lam = {first[0]} and {last[1]}"


def inwards(end: list, inside: list, digits: int):
    """The outermost decimal of so many digits on a branch from ``inside`` to ``end``, or None."""
    up = rising(inside, end)
    edge = Decimal(end[0] if up else end[1])
    found = Context(digits, ROUND_FLOOR if up else ROUND_CEILING).create_decimal(edge)
    beyond = found > Decimal(inside[1]) if up else found < Decimal(inside[0])
    return found.normalize() if beyond else None


def rising(one: list, other: list) -> bool:
    """Whether an interval lies above another one, by its middle."""
    low, high = (sum(map(Decimal, ends)) for ends in (one, other))
    return low < high
