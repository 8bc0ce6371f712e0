"""The runtime families of the matrix: how each is packed, and what differs in how it fails."""
import functools
import shutil
from dataclasses import dataclass, field
from typing import Callable, Optional

import builds
from builds import HANDLERS, Unavailable
from packages import make_zip

SEGMENTATION_FAULT = "Runtime exited with error: signal: segmentation fault"
ABORTED = "Runtime exited with error: signal: aborted"


def text(name):
    return (HANDLERS / name).read_text()


@dataclass
class Family:
    name: str
    runtime: str
    files: Callable  # {path: bytes or text} of the package
    handler: str = "app.handler"
    mode: int = 0o644
    memory: int = 256
    settings: dict = field(default_factory=dict)
    error_type: str = "Refused"                 # of the class Refused, as the client names it
    crash: str = SEGMENTATION_FAULT
    out_of_memory: tuple = ("Runtime.OutOfMemory",)
    layer: Callable = dict                      # further files of the layer
    library: Optional[str] = "layered"          # what the handler finds of them
    nulls: dict = field(default_factory=lambda: {"nothing": None})  # members that a client drops are not in it
    streaming: Optional[str] = None             # the handler that streams; None: the client cannot
    streams_whole: bool = False                 # it does not say that it streams: the platform takes the answer in one piece
    error_in_body: bool = False                 # it writes the trailers that tell of a late error as one more chunk
    levels: int = 1000                          # of an event that its client can read; Mayfly takes no deeper ones
    managed: bool = True                        # one of AWS's managed runtimes: AWS_EXECUTION_ENV

    @functools.cached_property
    def package(self):
        return make_zip(self.files(), mode=self.mode)


def need(program, how):
    if not shutil.which(program):
        raise Unavailable(f"no {program} here: {how}")


def python_files():
    return {"app.py": text("python/app.py")}


def node_files():
    need("node", "apt-get install nodejs")
    return {"app.js": text("node/app.js")}


def ruby_files():
    need("ruby", "apt-get install ruby")
    return {"app.rb": text("ruby/app.rb")}


def java_files():
    return {name: data for name, data in builds.java().items() if name != "Layered.class"}


def java_layer():
    return {"java/lib/layered.jar": make_zip({"Layered.class": builds.java()["Layered.class"]})}


def awslambdaric_files():
    bootstrap = "#!/bin/sh\nPYTHONPATH=/opt/python exec /usr/bin/python3.11 -m awslambdaric app.handler\n"
    return {**builds.awslambdaric(), **python_files(), "bootstrap": bootstrap}


def aws_lambda_ric_files():
    bootstrap = "#!/bin/sh\nNODE_PATH=/opt/nodejs/node_modules exec node node_modules/aws-lambda-ric/index.mjs \"$_HANDLER\"\n"
    return {**builds.aws_lambda_ric(), **node_files(), "bootstrap": bootstrap}


def python_layer():
    return {"python/layered.py": 'NAME = "layered"\n'}


def node_layer():
    return {"nodejs/node_modules/layered/index.js": 'exports.NAME = "layered";\n'}


def ruby_layer():
    return {"ruby/lib/layered.rb": "module Layered\n  NAME = 'layered'.freeze\nend\n"}


PROVIDED = {"runtime": "provided.al2023", "mode": 0o755, "managed": False}
NO_LIBRARY = {"library": None}

FAMILIES = [
    Family("python", "python3.11", python_files, layer=python_layer),
    Family("python-exec", "python3.11", python_files, layer=python_layer,
           settings={"Environment": {"Variables": {"PYTHONHASHSEED": "0"}}}),
    Family("node", "nodejs20.x", node_files, layer=node_layer, streaming="app.streaming"),
    Family("ruby", "ruby3.3", ruby_files, error_type="Function<Refused>", crash=ABORTED, layer=ruby_layer),
    Family("java", "java17", java_files, handler="App", memory=512, nulls={}, error_type="App$Refused", crash=ABORTED,
           out_of_memory=("Runtime.OutOfMemory", "java.lang.OutOfMemoryError"), layer=java_layer),
    Family("go", files=lambda: {"bootstrap": builds.go()}, handler="bootstrap", crash="Runtime exited with error: signal: killed",
           streaming="bootstrap", streams_whole=True,
           **PROVIDED, **NO_LIBRARY),
    Family("rust", files=lambda: {"bootstrap": builds.rust()}, handler="bootstrap", crash=ABORTED, streaming="bootstrap", error_in_body=True, levels=127,
           error_type="&alloc::boxed::Box<dyn core::error::Error + core::marker::Send + core::marker::Sync>", **PROVIDED, **NO_LIBRARY),
    Family("cpp", files=lambda: {"bootstrap": builds.cpp()}, handler="bootstrap", crash=ABORTED, **PROVIDED, **NO_LIBRARY),
    Family("awslambdaric", files=awslambdaric_files, layer=python_layer, levels=900, **PROVIDED),
    Family("aws-lambda-ric", files=aws_lambda_ric_files, layer=node_layer, streaming="app.streaming", **PROVIDED),
]
