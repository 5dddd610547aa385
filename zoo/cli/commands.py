"""All commands of `pinet` but those of `pinet tune`. `app` shows them in the order in which they are imported."""

# ruff: noqa: F401, I001 each import adds its commands
import zoo.cli.models
import zoo.cli.predict
import zoo.cli.evaluate
import zoo.cli.verify
import zoo.cli.data
import zoo.cli.new
import zoo.cli.train
import zoo.cli.finetune
import zoo.cli.runs
import zoo.cli.demo
import zoo.cli.certify
import zoo.cli.boundary
import zoo.cli.generate
import zoo.cli.export
import zoo.cli.hub
import zoo.cli.labels
import zoo.cli.serve
import zoo.cli.client
import zoo.cli.encrypted
import zoo.cli.encrypted_roles
import zoo.cli.page
from zoo.cli.app import app, main

if __name__ == "__main__":
    main()
