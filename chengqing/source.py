"""One source as its operator declares it: what may be asked, of whom, on which basis.

The shapes are closed (sources' notes, C2). There is no setting for a query, an account, a place on the map, a cookie
or a header, and no generic source reaches a social platform (design, Bounds 1, 2 and 7).
"""

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit
from zoneinfo import ZoneInfo

import jmespath  # type: ignore[import-untyped]
from jmespath.exceptions import JMESPathError  # type: ignore[import-untyped]
from parsel import Selector
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    PrivateAttr,
    ValidationInfo,
)
from stdnum import numdb
from stdnum.cn import uscc

from nlp.packs import SCOPES, load_packs
from nlp.text import normalise

from chengqing.secret import SecretRef, parse_secret
