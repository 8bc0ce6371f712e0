"""Where the model and its compiler are."""

import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODELC = ROOT / "tools" / "modelc"
MODEL = ROOT / "model" / "lambda.model"
SQS_MODEL = ROOT / "model" / "sqs.model"
MODELS = sorted((ROOT / "model").glob("*.model"))
