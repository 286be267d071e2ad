# SPDX-License-Identifier: Apache-2.0
# make run: boots BOARD's image in the emulator with the console on this terminal.
#
#   CONF=FILE   the boot config on the medium (sluice.ini); "FILE…" adds the files it names
#   DISK=SIZE   size of B/data.img when it is made (it stays between runs)
#   MEM=MB      memory         PORT=N   where HTTPS is reached (https://127.0.0.1:N/)

DISK ?= 64M
MEM ?= 32
PORT ?= 8443

.PHONY: run
ifneq ($(wildcard board/$(BOARD)/emulator),)
run: image ##  boot BOARD in the emulator: CONF=FILE DISK=64M MEM=32 PORT=8443 (Ctrl-A X ends)
	$(Q)image/need emulator
	$(Q)[ -f $(B)/data.img ] || image/media data $(DISK) $(B)/data.img board/$(BOARD)/flash.map
	$(Q)rm -f $(B)/conf.img; $(if $(CONF),image/media conf $(B)/conf.img \
		sluice.ini=$(firstword $(CONF)) $(wordlist 2,99,$(CONF)))
	$(Q)image/emulator $(BOARD) --kernel $(B)/kernel --initrd $(B)/initramfs.cpio.gz \
		--data $(B)/data.img $(if $(CONF),--conf $(B)/conf.img) --mem $(MEM) --hostfwd $(PORT):443 \
		--watchdog --reboot
else
run:
	@echo "BOARD=$(BOARD) has no emulator: start $(B)/sluice run -c FILE. Or make run BOARD=qemu-x86_64"; exit 2
endif
