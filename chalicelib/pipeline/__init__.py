"""The story of one message, in order, and nowhere else.

A message is a CloudTrail record, or a look or a sweep page that Vigil queued for itself. Start with
`process_message`; `looks` is where a resource is described, judged and remembered.
"""

from chalicelib.pipeline.looks import take_look
from chalicelib.pipeline.messages import Message, process_message
from chalicelib.pipeline.setting import Ports
from chalicelib.pipeline.sweeps import process_sweep, start_sweep

__all__ = [
    "Message",
    "Ports",
    "process_message",
    "process_sweep",
    "start_sweep",
    "take_look",
]
