# SPDX-License-Identifier: Apache-2.0
# The kernel of BOARD: B/kernel, with gen_init_cpio of the same source. image/kernel/build keeps it
# in the cache by its inputs, so that running it again costs nothing.

ifneq ($(wildcard board/$(BOARD)/kernel.config),)
$(B)/kernel $(B)/gen_init_cpio &: board/$(BOARD)/kernel.config board/$(BOARD)/board \
		image/kernel/common.config image/kernel/build image/third-party
	$(Q)image/kernel/build $(BOARD) $(B)
endif
