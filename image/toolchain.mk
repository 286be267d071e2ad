# SPDX-License-Identifier: Apache-2.0
# Compiler, flags and folder of third-party objects for BOARD and VARIANT.
#
# The product is built with gcc against musl, statically. The test variants need glibc (the thread
# sanitizer knows no musl): asan (address and undefined behaviour), tsan, fuzz (clang, libFuzzer).

ARCH_host := x86_64
ARCH_qemu-x86_64 := x86_64
ARCH := $(ARCH_$(BOARD))

AR := ar
STRIP := strip
HOSTCC := gcc

ifeq ($(VARIANT),)
  TC := musl-$(ARCH)
  CC := musl-gcc
  OPT := -Os
  AR := gcc-ar
  # Seen as a whole at the link, the program is a twenty-fifth smaller.
  TC_CFLAGS := -g -flto=2 -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables \
	-fstack-protector-strong -fno-pie -ffile-prefix-map=$(CURDIR)/= \
	-idirafter $(O)/tp-$(TC)/kernel-headers
  TC_LDFLAGS := -static -no-pie -Wl,--gc-sections -Wl,-z,max-page-size=4096 -Wl,-z,noseparate-code \
	-Wl,--build-id=none -Wl,-z,relro,-z,now
  TC_LIBS :=
  TC_READY := $(O)/tp-$(TC)/kernel-headers
else ifeq ($(VARIANT),asan)
  TC := glibc
  CC := gcc
  OPT := -O1
  TC_CFLAGS := -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
  TC_LDFLAGS :=
  TC_LIBS := -lpthread -ldl -lm
else ifeq ($(VARIANT),tsan)
  TC := glibc-tsan
  CC := gcc
  OPT := -O1
  TC_CFLAGS := -g -fno-omit-frame-pointer -fsanitize=thread
  TC_LDFLAGS :=
  TC_LIBS := -lpthread -ldl -lm
else ifeq ($(VARIANT),fuzz)
  TC := glibc
  CC := clang
  OPT := -O1
  TC_CFLAGS := -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=all
  TC_LDFLAGS :=
  TC_LIBS := -lpthread -ldl -lm
else
  $(error VARIANT=$(VARIANT): none of asan, tsan, fuzz)
endif

# musl-dev brings no kernel headers: a folder of links to the machine's own, searched last.
$(O)/tp-musl-x86_64/kernel-headers: | $(O)/.need-build
	@mkdir -p $@
	@ln -sfn /usr/include/linux /usr/include/asm-generic /usr/include/mtd /usr/include/x86_64-linux-gnu/asm $@/
