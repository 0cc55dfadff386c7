"""verl's core_algos and rollout_corr_helper without what it does not need to compute: the package's own imports (Ray, vLLM, tensordict) are
replaced by empty modules, the files themselves are the installed ones.

    python -m pip install --no-deps verl omegaconf antlr4-python3-runtime        # made with verl 0.9.1
"""

import importlib
import importlib.metadata
import sys
import types
from pathlib import Path

ROOT = Path(importlib.metadata.distribution("verl").locate_file("verl"))


class AlgoConfig(dict):
    __getattr__ = dict.get


class ActorConfig(dict):
    __getattr__ = dict.get


def package(name, path=None, **attributes):
    module = types.ModuleType(name)
    module.__path__ = [str(path)] if path else []
    module.__dict__.update(attributes)
    sys.modules[name] = module


def load():
    package("verl", ROOT)
    package("verl.trainer", ROOT / "trainer")
    package("verl.trainer.ppo", ROOT / "trainer/ppo")
    package("verl.trainer.config", AlgoConfig=AlgoConfig)
    package("verl.utils", ROOT / "utils", as_torch_index=None, group_mean_std=None)
    package("verl.workers")
    package("verl.workers.config", ActorConfig=ActorConfig)
    package("tensordict", TensorDict=object)
    package("verl.protocol", DataProto=object)
    package("verl.trainer.config.algorithm", RolloutCorrectionConfig=object)
    package("verl.workers.config.actor", PolicyLossConfig=object)
    return [importlib.import_module(f"verl.trainer.ppo.{name}") for name in ["core_algos", "rollout_corr_helper"]]


core_algos, rollout_corr_helper = load()
