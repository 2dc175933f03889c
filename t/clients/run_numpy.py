# Nodes of lib.numpy.* beside NumPy.
#
#   run_numpy.py make > REQUESTS              requests for graph-run
#   run_numpy.py check REQUESTS REPLIES       a JSON line for each: its name,
#                                             and what is wrong or null

import base64
import itertools
import json
import random
import sys
import warnings

import numpy as np

np.seterr(all="ignore")
warnings.simplefilter("ignore")
rng = random.Random(7)
TYPES = ["|b1", "|i1", "<i2", "<i4", "<i8", "|u1", "<u2", "<u4", "<f4", "<f8"]


def to_json(a):
    return {"type": "np_array", "value": base64.b64encode(a.tobytes()).decode(),
            "dtype": a.dtype.str, "shape": list(a.shape)}


def from_json(value):
    if isinstance(value, dict):
        return np.frombuffer(base64.b64decode(value["value"]),
                             np.dtype(value["dtype"])).reshape(value["shape"])
    return value


def array(dtype, *shape):
    n = int(np.prod(shape))
    if dtype in ("<f4", "<f8"):
        values = [rng.choice([0.0, -1.5, 2.25, 3.0, rng.uniform(-9, 9)])
                  for _ in range(n)]
    else:
        low = -9 if dtype[1] == "i" else 0
        values = [rng.randint(low, 1 if dtype == "|b1" else 9)
                  for _ in range(n)]
    return np.array(values, dtype).reshape(shape)


def result(a):
    return a.item() if a.size == 1 else a


def pad(a, b):
    """The shorter one is filled up along its first dimension."""
    if a.size > 1 and b.size > 1 and len(a) != len(b):
        n = max(len(a), len(b))
        a, b = (np.pad(x, [(0, n - len(x))] + [(0, 0)] * (x.ndim - 1))
                for x in (a, b))
    return a, b


CASES = []


def case(node, data, function):
    """What the function makes of the values, of which some are arrays."""
    try:
        want = function(*data.values())
        if isinstance(want, np.ndarray) and want.dtype.str not in TYPES:
            return
        if isinstance(want, float) and not np.isfinite(want):
            want = None
    except Exception:
        want = None
    CASES.append(("lib.numpy." + node, data, want))


PAIRS = [("arithmetic.AddArray", np.add), ("arithmetic.SubtractArray", np.subtract),
         ("arithmetic.MultiplyArray", np.multiply),
         ("arithmetic.DivideArray", np.divide),
         ("arithmetic.ModulusArray", np.mod), ("math.PowerArray", np.power)]


def pairs():
    shapes = [((3,), (3,)), ((2, 3), (3,)), ((2, 1), (1, 3)), ((), (2, 2)),
              ((4,), (2,)), ((2, 3), (3, 3)), ((2, 3), (2, 2)), ((), ())]
    for (node, function), left, right in itertools.product(PAIRS, TYPES, TYPES):
        for shape in rng.sample(shapes, 2):
            names = ("base", "exponent") if "Power" in node else ("a", "b")
            data = {names[0]: array(left, *shape[0]),
                    names[1]: array(right, *shape[1])}
            case(node, data, lambda a, b: result(function(*pad(a, b))))
    for node, function in PAIRS:
        names = ("base", "exponent") if "Power" in node else ("a", "b")
        for left, right in ((7, -2), (7, 2), (-7.5, 2), (2, 70), (0, 0),
                            (1, 0.0), (-7, 0), (2.0, -2), (3, True)):
            case(node, dict(zip(names, (left, right))),
                 lambda a, b: result(function(np.array(a), np.array(b))))


def single():
    for dtype in TYPES:
        a = array(dtype, 2, 3)
        case("math.AbsArray", {"values": a}, lambda a: result(np.abs(a)))
        for node, function in (("Sqrt", np.sqrt), ("Exp", np.exp),
                               ("Log", np.log)):
            case(f"math.{node}Array", {"values": a},
                 lambda a: result(function(a.astype(np.float32))))
        for node, function in (("Sine", np.sin), ("Cosine", np.cos)):
            case(f"math.{node}Array", {"angle_rad": a},
                 lambda a: result(function(a)))
        case("conversion.ArrayToList", {"values": a}, lambda a: a.tolist())
        for shape in ((), (1, 1), (2,)):
            case("conversion.ArrayToScalar", {"values": array(dtype, *shape)},
                 lambda a: a.item())
    for values in ([1, 2], [1, 2.5], [True, False], [True, 2], [[1], [2]],
                   [[1, 2], [3]], [], [[], []], ["a"], [None], [[[1.5]]]):
        case("conversion.ListToArray", {"values": values},
             lambda v: np.array(v) if np.array(v).dtype.kind in "bif" else 1 / 0)
    for value in (3, 2.5, -1):
        case("conversion.ScalarToArray", {"value": value},
             lambda v: np.array([v]))


REDUCTIONS = [("Max", np.max), ("Min", np.min), ("Mean", np.mean),
              ("Sum", np.sum), ("ArgMax", np.argmax), ("ArgMin", np.argmin)]


def statistics():
    arrays = [array(dtype, *shape) for dtype in TYPES
              for shape in ((3,), (2, 3, 2), (1, 4))]
    arrays += [np.array([1.0, np.nan, 3.0]), np.zeros((0, 2)),
               np.zeros((2, 0)), np.array([2 ** 62, 2 ** 62])]
    for (node, function), a in itertools.product(REDUCTIONS, arrays):
        for axis in (0, -1, 1, 3):
            def reduce(a, axis):
                made = np.asarray(function(a, axis=axis))
                # unsigned sums have eight bytes there, which we do not have
                made = made.astype("<i8") if made.dtype == "<u8" else made
                if np.isnan(made).any() and not np.isnan(a).any():
                    raise ValueError("of nothing")
                return result(made)
            case(f"statistics.{node}Array", {"values": a, "axis": axis}, reduce)


def shapes():
    a = array("<i4", 4, 3, 2)
    for axis, (start, stop, step) in itertools.product(
            (0, 1, -1, 5), ((0, 0, 1), (0, 2, 1), (-2, 9, 1), (3, -9, -2),
                            (1, 3, 0), (0, 4, 3))):
        def cut(a, start, stop, step, axis):
            index = [slice(None)] * a.ndim
            index[axis] = slice(start, stop, step)
            return a[tuple(index)]
        case("manipulation.SliceArray", {"values": a, "start": start,
             "stop": stop, "step": step, "axis": axis}, cut)
    for axis, indices in itertools.product((0, 1, -1, 4),
                                           ("0", "1, 0,-1", "", "7", "x", "1,")):
        case("manipulation.IndexArray",
             {"values": a, "indices": indices, "axis": axis},
             lambda a, i, axis: np.take(
                 a, [int(x) for x in i.split(",") if x.strip()], axis=axis))
    for axis, parts in itertools.product((0, -2, 3), (1, 3, 5, 0)):
        case("manipulation.SplitArray",
             {"values": a, "num_splits": parts, "axis": axis},
             lambda a, n, axis: np.array_split(a, n, axis=axis))
    for axis in range(4):
        for second in (array("<f4", 2, 3), array("|i1", 2, 3), array("<i8", 3)):
            case("manipulation.Stack",
                 {"arrays": [array("<i2", 2, 3), second], "axis": axis},
                 lambda arrays, axis: np.stack(arrays, axis=axis))
    for shape in ((), (3,), (2, 3), (4, 3, 2), (2, 0)):
        case("manipulation.TransposeArray", {"values": array("<f8", *shape)},
             np.transpose)
    products = [((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 3), (3, 4)),
                ((2, 3), (2, 3)), ((4, 2, 3), (3, 2)), ((2, 3), (4, 3, 2)),
                ((2, 1, 2, 3), (5, 3, 2)), ((2, 0), (0, 3)), ((), (2,)),
                ((2, 2, 2), (3, 2, 2))]
    for (left, right), types in itertools.product(
            products, (("<i4", "|i1"), ("<f4", "<f4"), ("<i8", "<f8"))):
        case("manipulation.MatMul", {"a": array(types[0], *left),
                                     "b": array(types[1], *right)},
             lambda a, b: np.asarray(np.matmul(a, b)))
    names = ["num_rows", "num_cols", "num_depths", "num_channels"]
    for lengths in ((24,), (-1,), (0,), (23,), (4, 6), (-1, 8), (-1, -1),
                    (5, -1), (2, 3, 4), (2, -1, 2), (1, 2, 3, 4),
                    (2, 2, -1, 2), (-1, 0)):
        keys = ["num_elements"] if len(lengths) == 1 else names
        case(f"reshaping.Reshape{len(lengths)}D",
             {"values": a, **dict(zip(keys, lengths))},
             lambda a, *lengths: a.reshape(lengths))


def make():
    for group in (pairs, single, statistics, shapes):
        group()
    for node, data, want in CASES:
        data = {k: to_json(v) if isinstance(v, np.ndarray) else
                [to_json(x) if isinstance(x, np.ndarray) else x for x in v]
                if isinstance(v, list) else v for k, v in data.items()}
        yield {"name": node + " " + json.dumps(data), "graph": {
            "nodes": [{"id": "n", "type": node, "data": data},
                      {"id": "o", "type": "nodetool.output.Output",
                       "data": {"name": "o"}}],
            "edges": [{"source": "n", "sourceHandle": "output", "target": "o",
                       "targetHandle": "value"}]}}, want


def differ(want, got):
    """NumPy may err in the last place or add up in another order."""
    if isinstance(want, list) and not isinstance(got, list):
        return "no list"
    if isinstance(want, list):
        if len(want) != len(got):
            return "another length"
        return next(filter(None, map(differ, want, got)), None)
    got = from_json(got)
    if type(want) is not type(got):
        return f"{type(got)} instead of {type(want)}: {got} {want}"
    if isinstance(want, np.ndarray):
        if want.dtype.str != got.dtype.str or want.shape != got.shape:
            return f"{got.dtype} {got.shape}, not {want.dtype} {want.shape}"
        close = 1e-6 if want.dtype == np.float32 else 1e-14
        same = np.allclose(got, want, close, close, equal_nan=True)
    else:
        same = got == want or (isinstance(want, float)
                               and abs(got - want) <= 1e-6 * abs(want))
    return None if same else f"{got}, not {want}"


def check(requests, replies):
    for (request, want), line in zip(make(), open(replies)):
        reply = json.loads(line)
        got = (reply.get("results") or {}).get("o")
        if reply.get("errors"):
            wrong = None if want is None else f"refused: {reply['errors']}"
        elif want is None:
            wrong = f"{got}, not an error" if got is not None else None
        else:
            wrong = (differ(want, got) if got is not None
                     else json.dumps(reply.get("failure")))
        print(json.dumps({"name": request["name"], "wrong": wrong}))


if sys.argv[1] == "make":
    for request, _ in make():
        print(json.dumps(request))
else:
    check(*sys.argv[2:])
