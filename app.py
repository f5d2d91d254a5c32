"""Chalice wiring only: registers the blueprints; nothing else."""

from chalice.app import Chalice

from chalicelib.api.routes import BLUEPRINTS
from chalicelib.functions import (
    announce,
    due,
    evaluate,
    export,
    posture,
    reannounce,
    recount,
    seal,
    sign,
    slack,
    sweep_start,
    sweep_work,
)

app = Chalice(app_name="vigil", configure_logs=False)
for function in (
    evaluate,
    sweep_start,
    sweep_work,
    due,
    announce,
    reannounce,
    slack,
    posture,
    export,
    seal,
    sign,
    recount,
):
    app.register_blueprint(function.bp)
for blueprint in BLUEPRINTS:
    app.register_blueprint(blueprint)
