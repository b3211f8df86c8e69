"""What the account and team endpoints take and give."""

import datetime as dt

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


class TeamRequest(Strict):
    """A new team's name."""

    name: str = Field(max_length=100)


class JoinRequest(Strict):
    """An invitation's code."""

    code: str = Field(max_length=200)


class MemberAnswer(BaseModel):
    """A member of a team."""

    id: int
    name: str
    joined_at: dt.datetime


class TeamAnswer(BaseModel):
    """A team with its members, the longest-standing first."""

    id: int
    name: str
    created_at: dt.datetime
    members: list[MemberAnswer]


class InvitationAnswer(BaseModel):
    """An invitation; its code is shown once."""

    id: str
    code: str
    link: str
    expires_at: dt.datetime
