# SPDX-License-Identifier: Apache-2.0
# Unit tests, fuzz targets, lint. tests/unit/test_X.c and tests/fuzz/fuzz_X.c are each one program,
# linked with everything but main.

UNIT_SRCS := $(sort $(wildcard tests/unit/test_*.c))
UNIT_SRCS := $(if $(ONLY),$(filter tests/unit/test_$(ONLY:test_%=%).c,$(UNIT_SRCS)),$(UNIT_SRCS))
# The thread sanitizer has nothing to see in long tests of one thread.
ifeq ($(VARIANT),tsan)
UNIT_SRCS := $(filter-out $(patsubst %,tests/unit/test_%.c,config_password config_record store store_damage \
	store_power),$(UNIT_SRCS))
endif
UNIT_BINS := $(UNIT_SRCS:tests/unit/%.c=$(W)/unit/%)
FUZZ_SRCS := $(sort $(wildcard tests/fuzz/fuzz_*.c))
FUZZ_SRCS := $(if $(ONLY),$(filter tests/fuzz/fuzz_$(ONLY:fuzz_%=%).c,$(FUZZ_SRCS)),$(FUZZ_SRCS))
FUZZ_BINS := $(FUZZ_SRCS:tests/fuzz/%.c=$(W)/%)
FUZZ_SECONDS ?= 600
SUB := +$(Q)$(MAKE) --no-print-directory

$(O)/.need-test: image/packages
	@mkdir -p $(@D)
	$(Q)image/need test
	@touch $@

# ---- programs (with VARIANT) ------------------------------------------------------------------

$(W)/unit/%: $(OBJ)/tests/unit/%.o $(LIB) $(TP_LIBS)
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(TC_CFLAGS) $(TC_LDFLAGS) -o $@ $< -Wl,--start-group $(LIB) $(TP_LIBS) -Wl,--end-group -lcmocka $(TC_LIBS)
$(W)/fuzz_%: $(OBJ)/tests/fuzz/fuzz_%.o $(LIB) $(TP_LIBS)
	$(call say,LD,$@)
	$(Q)$(CC) $(TC_CFLAGS) -fsanitize=fuzzer -o $@ $< -Wl,--start-group $(LIB) $(TP_LIBS) -Wl,--end-group $(TC_LIBS)
$(UNIT_SRCS:%.c=$(OBJ)/%.o) $(FUZZ_SRCS:%.c=$(OBJ)/%.o): | $(B)/include/version.h $(O)/.need-test
.PRECIOUS: $(OBJ)/tests/unit/%.o $(OBJ)/tests/fuzz/%.o

.PHONY: unit-bins fuzz-bins
unit-bins: $(UNIT_BINS)
fuzz-bins: $(FUZZ_BINS)

# clang reads every file with the same warnings; gcc did when it compiled.
LINT_SRCS := $(SRCS) $(UNIT_SRCS) $(FUZZ_SRCS)
$(B)/lint/%.ok: %.c $(OBJ)/.flags $(B)/include/autoconf.h $(TP_READY) | $(B)/include/version.h $(O)/.need-test
	$(call say,CLANG,$<)
	@mkdir -p $(@D)
	$(Q)clang $(BASE_FLAGS) $(filter-out $(GCC_WARN),$(WARN)) -O1 -fsyntax-only -MMD -MP -MF $(@:.ok=.d) -MT $@ $<
	@touch $@

# ---- what can be run --------------------------------------------------------------------------

.PHONY: test unit fuzz powerloss lint live live-asan live-tsan boards web asan tsan

test: $(O)/.need-test ##  everything: lint, unit, fuzz (bounded), live servers, boards, web
	+$(Q)FUZZ_SECONDS=$(if $(filter command line environment,$(origin FUZZ_SECONDS)),$(FUZZ_SECONDS),4) tests/run

lint: all $(LINT_SRCS:%.c=$(B)/lint/%.ok) ##  every file through gcc and clang, and the rules of the house
	$(Q)tests/lint $(words $(LINT_SRCS))

unit: $(O)/.need-test ##  unit tests under the address and the thread sanitizer (ONLY=name for one)
	$(SUB) VARIANT=asan unit-bins
	$(SUB) VARIANT=tsan unit-bins
	$(Q)tests/unit/run $(B)/asan/unit $(B)/tsan/unit

fuzz: $(O)/.need-test ##  every fuzz target for FUZZ_SECONDS=600 (ONLY=name for one)
	$(SUB) VARIANT=fuzz fuzz-bins
	$(Q)FUZZ_SECONDS=$(FUZZ_SECONDS) tests/fuzz/run $(B)/fuzz

powerloss: $(O)/.need-test ##  power cuts on simulated flash, POWER_LIVES=400 devices of each kind
	$(SUB) VARIANT=asan ONLY=store_power unit-bins
	$(Q)POWER_LIVES=$${POWER_LIVES:-400} UNIT_TIMEOUT=7200 V=1 ONLY=store_power tests/unit/run $(B)/asan/unit

asan tsan: ##  the program with a sanitizer: out/host/asan/sluice, out/host/tsan/sluice
	$(SUB) VARIANT=$@ all

live: all ##  the program against real servers (live-asan, live-tsan: under a sanitizer)
	$(Q)image/need test live
	$(Q)SLUICE=$(abspath $(B)/sluice) tests/live/run
# Under a sanitizer one server each, unless SERVERS says otherwise: the servers differ in what they
# send, and all of that was relayed by `live` already.
live-asan: SERVERS ?= mysql-9.7
live-tsan: SERVERS ?= mariadb-10.11
# What only makes servers say other words is left out; threads meet where the relay runs.
live-asan: WITHOUT := precheck_settings,precheck_schema,precheck_privileges,stand_in
live-tsan: WITHOUT := precheck,precheck_hostile,precheck_bundle,precheck_settings,precheck_schema,precheck_privileges,precheck_wire,stand_in
live-asan live-tsan: live-%: %
	$(Q)image/need test live
	$(Q)SLUICE=$(abspath $(B)/$*/sluice) SERVERS=$(SERVERS) WITHOUT=$(WITHOUT) setarch -R tests/live/run

boards: ##  the image in the emulator, driven over its serial console
	$(SUB) BOARD=qemu-x86_64 image
	$(Q)image/need test emulator live
	$(Q)tests/boards/run
web: all ##  the web door
	$(Q)image/need test live
	$(Q)SLUICE=$(abspath $(B)/sluice) tests/web/run

ifeq ($(BARE),)
-include $(wildcard $(LINT_SRCS:%.c=$(B)/lint/%.d)) $(wildcard $(UNIT_SRCS:%.c=$(OBJ)/%.d) $(FUZZ_SRCS:%.c=$(OBJ)/%.d))
endif
