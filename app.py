"""Chalice wiring only: registers the blueprints; nothing else."""

from chalice.app import Chalice

from chalicelib.functions import (
    announce,
    due,
    evaluate,
    reannounce,
    slack,
    sweep_start,
    sweep_work,
)

app = Chalice(app_name="vigil", configure_logs=False)
for function in (evaluate, sweep_start, sweep_work, due, announce, reannounce, slack):
    app.register_blueprint(function.bp)
