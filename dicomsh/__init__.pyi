from dicomsh.errors import ConfigError as ConfigError
from dicomsh.errors import DicomshError as DicomshError
from dicomsh.errors import NoAssociationError as NoAssociationError
from dicomsh.errors import QueryFailedError as QueryFailedError
from dicomsh.errors import TimedOutError as TimedOutError
from dicomsh.errors import UsageError as UsageError
from dicomsh.python.connection import AsyncConnection as AsyncConnection
from dicomsh.python.connection import AsyncStream as AsyncStream
from dicomsh.python.connection import Connection as Connection
from dicomsh.python.connection import Stream as Stream
from dicomsh.python.connection import connect as connect
from dicomsh.python.connection import connect_async as connect_async
from dicomsh.python.connection import modalities as modalities
from dicomsh.python.rows import Rows as Rows
from dicomsh.python.rows import UnsoundAnswerError as UnsoundAnswerError

__version__: str
__all__: list[str]
