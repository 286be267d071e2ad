# SPDX-License-Identifier: Apache-2.0
# One Makefile for the program, its boards and its tests; `make help` lists the targets.
#
#   BOARD=host|qemu-x86_64|...   what is built for (default host)
#   O=dir                        where outputs go (default out)
#   V=1                          show the commands
#   VARIANT=asan|tsan|fuzz       the test builds (glibc); without it the product (static, musl)
#
# image/config.mk makes the configuration, image/third-party.mk the libraries, tests/tests.mk the tests.

MAKEFLAGS += --no-builtin-rules --no-builtin-variables
# As many jobs as there are processors, unless -j was said.
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += $(shell tr '\0' ' ' </proc/$$PPID/cmdline 2>/dev/null | grep -qE ' (-[a-zA-Z]*j|--jobs)' || echo -j$$(nproc))
endif
.SUFFIXES:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

VERSION := 0.1.0
O ?= out
BOARD ?= host
V ?= 0
VARIANT ?=
WERROR ?= 1
SHELL := /bin/sh
BOARDS := $(sort $(notdir $(patsubst %/defconfig,%,$(wildcard board/*/defconfig))))
ifeq ($(filter $(BOARD),$(BOARDS)),)
$(error BOARD=$(BOARD): no such board; there are: $(BOARDS))
endif

# B: outputs of this board.  W: objects of this variant.
B := $(O)/$(BOARD)
W := $(B)$(if $(VARIANT),/$(VARIANT))
SRC := $(O)/src
Q := $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),@:,@printf '  %-7s %s\n' $(1) $(2))
export O B BOARD V

# Goals that only print or remove need neither packages nor a configuration.
BARE := $(if $(MAKECMDGOALS),$(if $(filter-out help clean %_defconfig,$(MAKECMDGOALS)),,1))

# A change of flags rebuilds what was built with the old ones.
define flags_file
$(if $(BARE),,$(shell mkdir -p $(dir $(1)))$(if $(filter-out x$(subst $() $(),,$(strip $(2))),x$(subst $() $(),,$(strip $(file <$(1))))),$(file >$(1),$(2))))
endef
include image/toolchain.mk
include image/config.mk
include image/third-party.mk
-include image/kernel.mk image/initramfs.mk image/emulator.mk image/media.mk

# ---- the program ------------------------------------------------------------------------------

DIRS := base drivers config app
# SKIP=pattern... leaves sources out, to work on the rest while they do not compile.
SRCS := $(filter-out $(SKIP),$(sort $(foreach d,$(DIRS),$(wildcard $(d)/*.c $(d)/*/*.c $(d)/*/*/*.c))))
MAIN := $(filter app/main.c,$(SRCS))
LIB_SRCS := $(filter-out $(MAIN),$(SRCS))
OBJ := $(W)/obj
LIB := $(W)/libsluice.a

WARN = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
	-Wcast-qual -Wwrite-strings -Wvla -Wformat=2 -Wno-unused-parameter \
	$(GCC_WARN) $(if $(filter 1,$(WERROR)),-Werror)
# Error texts are cut on purpose when they are too long; clang does not know the name.
GCC_WARN := $(if $(filter clang,$(CC)),,-Wno-format-truncation)
BASE_FLAGS := -std=gnu11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -I. -I$(B)/include \
	-include $(B)/include/autoconf.h $(TP_INC)
CFLAGS_ALL = $(BASE_FLAGS) $(WARN) $(OPT) $(TC_CFLAGS)

# The relay reads every byte through these.
HOT := base/crc%.c base/reader.c
opt_of = $(if $(and $(filter $(HOT),$(1)),$(filter -Os,$(OPT))),-O2)

$(call flags_file,$(OBJ)/.flags,$(CC) $(CFLAGS_ALL))

.PHONY: all
all: $(if $(MAIN),$(W)/sluice,$(LIB))

$(OBJ)/%.o: %.c $(OBJ)/.flags $(B)/include/autoconf.h $(TP_READY)
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS_ALL) $(call opt_of,$<) -MMD -MP -c -o $@ $<

$(LIB): $(LIB_SRCS:%.c=$(OBJ)/%.o) $(OBJ)/.sources
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $(filter %.o,$^)

# The archive is made again when a source file disappears, too.
$(call flags_file,$(OBJ)/.sources,$(LIB_SRCS))

$(W)/sluice.debug: $(MAIN:%.c=$(OBJ)/%.o) $(LIB) $(TP_LIBS)
	$(call say,LD,$@)
	$(Q)$(CC) $(TC_CFLAGS) $(TC_LDFLAGS) -Wl,-Map=$(W)/sluice.map -o $@ $(MAIN:%.c=$(OBJ)/%.o) \
		-Wl,--start-group $(LIB) $(TP_LIBS) -Wl,--end-group $(TC_LIBS)

$(W)/sluice: $(W)/sluice.debug
	$(call say,STRIP,$@)
	$(Q)$(if $(VARIANT),cp $< $@,$(STRIP) -s -R .comment -R .note.gnu.property -o $@ $<)

# Version and build time (the clock's first guess on a box without a clock chip); from the commit,
# so that the same commit builds the same bytes.
$(B)/include/version.h: FORCE
	@mkdir -p $(@D)
	@v=$$(git describe --always --dirty --exclude='*' 2>/dev/null || echo unknown); \
	t=$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct 2>/dev/null || date +%s)}; \
	printf '#define SLUICE_VERSION "%s"\n#define SLUICE_COMMIT "%s"\n#define SLUICE_BUILD_TIME %sLL\n' \
		"$(VERSION)" "$$v" "$$t" >$@.new; \
	if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi
$(SRCS:%.c=$(OBJ)/%.o): | $(B)/include/version.h

include tests/tests.mk

ifeq ($(BARE),)
-include $(SRCS:%.c=$(OBJ)/%.d)
endif

.PHONY: FORCE help clean
FORCE:

# ---- what `make` can be told -----------------------------------------------------------------

.PHONY: demo bench
demo: all ##  the main job from nothing: fetch, build, relay a real server's binlog in the emulator, compare
	$(Q)image/need build kernel emulator demo
	$(SUB) BOARD=qemu-x86_64 image
	$(Q)tests/demo/run

bench: all $(W)/bench_store ##  relaying and the precheck measured beside the stock tools
	$(Q)image/need build live
	$(Q)$(W)/bench_store
	$(Q)SLUICE=$(abspath $(B)/sluice) tests/bench/run
	$(Q)SLUICE=$(abspath $(B)/sluice) tests/bench/precheck

$(W)/bench_store: $(OBJ)/tests/bench/store.o $(LIB) $(TP_LIBS)
	$(call say,LD,$@)
	$(Q)$(CC) $(TC_CFLAGS) $(TC_LDFLAGS) -o $@ $< -Wl,--start-group $(LIB) $(TP_LIBS) -Wl,--end-group $(TC_LIBS)


size: all ##  sizes of binary, kernel and image beside their limits
	$(Q)image/size $(O) $(BOARDS)

sbom: $(B)/sbom.cdx.json ##  bill of materials of BOARD as CycloneDX JSON
	@echo "  $<"
$(B)/sbom.cdx.json: image/third-party image/sbom $(SRC)/.table
	$(call say,SBOM,$@)
	@mkdir -p $(@D)
	$(Q)VERSION=$(VERSION) image/sbom $(BOARD) >$@.new && mv $@.new $@

clean: ##  remove the output folder (the fetch cache stays)
	rm -rf $(O)

help: ##  this list
	@awk -F':.*##' '/^[a-zA-Z0-9_%<>-]+:.*##/ { n = $$1; sub(/^%_defconfig/, "<board>_defconfig", n); \
		printf "  make %-18s%s\n", n, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "  BOARD=$(BOARD) (there are: $(BOARDS)); O=dir moves the output, V=1 shows commands"
.PHONY: size sbom
