"""Reads an event file with TensorBoard's own reader and writes what it saw.

    UPDATE_FIXTURES=1 npx vitest run packages/trainer/src/logs   # writes logs/fixtures/events.bin
    python tooling/reference/trainer/tensorboard_read.py         # reads it, checksums verified, writes events.json

Needs PyPI's tensorboard. The test asserts that the writer still produces events.bin byte for byte, and that the
values it wrote are those that TensorBoard read.
"""

import json
from pathlib import Path

import tensorboard
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader

FIXTURES = Path(__file__).parents[3] / "packages/trainer/src/logs/fixtures"


def main():
    events = []
    for event in EventFileLoader(str(FIXTURES / "events.bin")).Load():
        read = {"wallTime": event.wall_time, "step": event.step, "what": event.WhichOneof("what")}
        if read["what"] == "file_version":
            read["fileVersion"] = event.file_version
        if read["what"] == "session_log":
            read["status"] = event.session_log.status
        if read["what"] == "summary":
            read["values"] = {}
            for value in event.summary.value:
                if value.metadata.plugin_data.plugin_name == "text":
                    read["values"][value.tag] = value.tensor.string_val[0].decode()
                else:  # TensorBoard turns simple values into tensors as it loads them
                    number = value.tensor.float_val[0]
                    read["values"][value.tag] = "NaN" if number != number else number
        events.append(read)
    (FIXTURES / "events.json").write_text(
        json.dumps({"tensorboard": tensorboard.__version__, "events": events}, indent=1) + "\n"
    )


if __name__ == "__main__":
    main()
