# `sam build` runs build-<logical id> here, in the folder that template.yaml names after its
# Architecture parameter: the parameter itself never reaches a Makefile, and a template and a
# binary for two architectures would only meet as "exec format error". The work is the root
# Makefile's, which puts the bootstrap into ARTIFACTS_DIR.
ROOT := $(abspath $(dir $(lastword $(MAKEFILE_LIST)))../..)

build-%:
	$(MAKE) --no-print-directory -C "$(ROOT)" $@ GOARCH=$(GOARCH) ARTIFACTS_DIR="$(ARTIFACTS_DIR)"
