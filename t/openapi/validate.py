# Checks OpenAPI documents, and JSON against the schemas in them.
#
# usage: validate.py DOCUMENT...
#        validate.py --schema NAME DOCUMENT JSON...
#
# One line for each: "ok", or what is wrong.

import json
import sys

from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator


def load(name):
    with open(name, encoding="utf-8") as f:
        return json.load(f)


def document(name):
    errors = list(OpenAPIV31SpecValidator(load(name)).iter_errors())

    return errors[0].message if errors else "ok"


def instance(schema, name):
    errors = list(schema.iter_errors(load(name)))

    return errors[0].message if errors else "ok"


if sys.argv[1] == "--schema":
    doc = load(sys.argv[3])
    doc["$ref"] = "#/components/schemas/" + sys.argv[2]
    schema = Draft202012Validator(doc)

    for name in sys.argv[4:]:
        print(instance(schema, name).replace("\n", " "))

else:
    for name in sys.argv[1:]:
        print(document(name).replace("\n", " "))
