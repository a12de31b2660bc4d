"""A sample as it enters: the fields of the native row, validated once, frozen after."""

from pydantic import BaseModel, ConfigDict, Field, field_validator

MAX_SOURCE_CHARS = 200_000


class Contracts(BaseModel):
    """Pre- and postconditions as Python expressions over the parameters, `__return__` and `__old__`.

    raises lists the built-in exception types that the function may raise when its preconditions hold.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    pre: tuple[str, ...] = ()
    post: tuple[str, ...] = ()
    raises: tuple[str, ...] = ()


class Sample(BaseModel):
    """One problem with the solution to judge. tests, contracts and reference may each be absent, null or empty."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    task_id: str = Field(min_length=1, max_length=500)
    prompt: str = ""
    entry_point: str = Field(min_length=1, max_length=200)
    solution: str = Field(max_length=MAX_SOURCE_CHARS)
    tests: str = Field(default="", max_length=MAX_SOURCE_CHARS)
    contracts: Contracts = Contracts()
    reference: str = Field(default="", max_length=MAX_SOURCE_CHARS)

    @field_validator("tests", "reference", mode="before")
    @classmethod
    def _null_is_empty(cls, value: object) -> object:
        return "" if value is None else value

    @field_validator("contracts", mode="before")
    @classmethod
    def _null_is_no_contract(cls, value: object) -> object:
        return Contracts() if value is None else value

    @field_validator("entry_point")
    @classmethod
    def _entry_point_is_a_name(cls, value: str) -> str:
        if not value.isidentifier():
            raise ValueError(f"entry_point {value!r} is not a Python identifier")
        return value
