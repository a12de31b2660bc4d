"""When two programs agree, for generated test modules: shipped into the sandbox as text, never imported by the host.

Types count: True is not 1 and a list is no tuple. Floats agree within rounding (two honest programs add in different
orders), NaN agrees with NaN, and -0.0 with 0.0. Two exceptions agree when their types have the same name.
"""

import copy as synthgen_copy
import math as synthgen_math
from collections.abc import Callable as SynthgenCallable
from typing import Any as SynthgenAny

SYNTHGEN_RELATIVE_TOLERANCE = 1e-9
SYNTHGEN_ABSOLUTE_TOLERANCE = 1e-9


def synthgen_same(left: SynthgenAny, right: SynthgenAny) -> bool:
    """Whether two plain values are the same answer."""
    if type(left) is not type(right):
        return False
    if isinstance(left, float):
        if synthgen_math.isnan(left) or synthgen_math.isnan(right):
            return synthgen_math.isnan(left) and synthgen_math.isnan(right)
        return synthgen_math.isclose(
            left, right, rel_tol=SYNTHGEN_RELATIVE_TOLERANCE, abs_tol=SYNTHGEN_ABSOLUTE_TOLERANCE
        )
    if isinstance(left, list | tuple):
        return len(left) == len(right) and all(map(synthgen_same, left, right))
    if isinstance(left, dict):
        return synthgen_same(set(left), set(right)) and all(synthgen_same(left[key], right[key]) for key in left)
    if isinstance(left, set | frozenset):
        return left == right and sorted(type(v).__name__ for v in left) == sorted(type(v).__name__ for v in right)
    return bool(left == right)


def synthgen_observe(
    call: SynthgenCallable[[dict[str, SynthgenAny]], SynthgenAny], drawn: dict[str, SynthgenAny]
) -> tuple[SynthgenAny, ...]:
    """What a call does to a copy of the arguments: ("returned", value, arguments after) or ("raised", type name)."""
    arguments = synthgen_copy.deepcopy(drawn)
    try:
        value = call(arguments)
    except Exception as error:
        return ("raised", type(error).__name__)
    return ("returned", value, arguments)
