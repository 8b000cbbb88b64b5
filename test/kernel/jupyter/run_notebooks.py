"""nbclient, as nbconvert and papermill use it: with errors forbidden and allowed. Run by conformance.test.ts."""

import json
import sys

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_notebook

SOURCES = ["const a: number = 20;\na + 1", "console.log('before');\nthrow new TypeError('no ' + a);", "a * 2"]


def outputs(cell):
    shown = []
    for out in cell.outputs:
        if out.output_type == "stream":
            shown.append([out.name, out.text])
        elif out.output_type == "error":
            shown.append(["error", out.ename, out.evalue])
        else:
            shown.append([out.output_type, out.data["text/plain"]])
    return shown


def run(allow_errors, cwd):
    notebook = new_notebook(cells=[new_code_cell(source) for source in SOURCES])
    client = NotebookClient(notebook, timeout=60, kernel_name="autoagent", allow_errors=allow_errors,
                            resources={"metadata": {"path": cwd}})
    raised = None
    try:
        client.execute()
    except CellExecutionError as error:
        raised = [error.ename, error.evalue]
    nbformat.validate(notebook)
    return {"raised": raised, "cells": [outputs(cell) for cell in notebook.cells]}


print(json.dumps({"strict": run(False, sys.argv[1]), "allowed": run(True, sys.argv[1])}))
