# SPDX-License-Identifier: Apache-2.0
# The image of BOARD: kernel and initramfs, the program as /init and nothing else.

.PHONY: image
ifneq ($(wildcard board/$(BOARD)/kernel.config),)
$(B)/initramfs.cpio.gz: $(B)/sluice $(B)/gen_init_cpio image/initramfs.list
	$(call say,CPIO,$@)
	$(Q)SLUICE=$< $(B)/gen_init_cpio -t $$(stat -c %Y $<) image/initramfs.list >$(B)/initramfs.cpio
	$(Q)gzip -9nf $(B)/initramfs.cpio

image: $(B)/kernel $(B)/initramfs.cpio.gz ##  kernel and initramfs of BOARD (BOARD=qemu-x86_64)
	@printf '  %-7s %s %s\n' IMAGE $(BOARD) "$$(stat -c %s $^ | paste -sd' ' | \
		awk '{ printf "kernel %d KB + initramfs %d KB = %d KB", $$1/1000, $$2/1000, ($$1+$$2)/1000 }')"
else
image:
	@echo "BOARD=$(BOARD) needs no image: it runs $(B)/sluice. Say make image BOARD=qemu-x86_64"; exit 2
endif
