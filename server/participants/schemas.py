"""What the account endpoints take and give."""

from pydantic import BaseModel, ConfigDict, Field


class Strict(BaseModel):
    """No unknown fields."""

    model_config = ConfigDict(extra="forbid")


class TokenRequest(Strict):
    """Name and password for a token."""

    name: str = Field(max_length=100)
    password: str = Field(max_length=200)
    label: str = Field(default="command line", max_length=40)


class TokenAnswer(BaseModel):
    """The token, shown once."""

    token: str
    name: str
    expires_days: int
