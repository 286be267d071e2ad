# SPDX-License-Identifier: Apache-2.0
# The configuration: Kconfig through kconfig-frontends, one .config for each board.
#
# B/.config is made from board/BOARD/defconfig and follows it, until menuconfig makes it the
# user's own (B/.config.own). B/include/autoconf.h is what C sees, B/auto.conf what make sees.

KCONFIGS := Kconfig $(wildcard base/Kconfig app/Kconfig app/*/Kconfig drivers/Kconfig drivers/*/Kconfig \
	config/Kconfig image/Kconfig board/Kconfig)
kconfig = CONFIG_=CONFIG_ KCONFIG_CONFIG=$(abspath $(B)/.config) \
	KCONFIG_AUTOHEADER=$(abspath $(B)/kconfig/autoconf.h) \
	KCONFIG_AUTOCONFIG=$(abspath $(B)/kconfig/auto.conf) \
	KCONFIG_TRISTATE=$(abspath $(B)/kconfig/tristate.conf)

# The tools: checked once for each output folder and each change of the list.
$(O)/.need-build: image/packages
	@mkdir -p $(@D)
	$(Q)image/need build
	@touch $@

ifeq ($(wildcard $(B)/.config.own),)
$(B)/.config: board/$(BOARD)/defconfig $(KCONFIGS) | $(O)/.need-build
	$(call say,CONFIG,$<)
	@mkdir -p $(@D)
	$(Q)$(kconfig) kconfig-conf --defconfig=$< Kconfig >$(B)/.config.log || { cat $(B)/.config.log; exit 1; }
endif

# New symbols take their defaults. kconfig-conf keeps a folder of stamps under include/ of the
# current folder: it runs in B/kconfig. The results change their time only when they change.
$(B)/kconfig/.done: $(B)/.config $(KCONFIGS) image/config.mk
	@mkdir -p $(B)/kconfig/include/config $(B)/kconfig/include/generated $(B)/include
	$(Q)cd $(B)/kconfig && export srctree=$(CURDIR) $(kconfig) && { \
		kconfig-conf --olddefconfig $(CURDIR)/Kconfig && \
		kconfig-conf --silentoldconfig $(CURDIR)/Kconfig; } </dev/null >log || { cat log; exit 1; }
	@cd $(B)/kconfig && for f in include/autoconf.h auto.conf; do \
		cmp -s $${f##*/} ../$$f || cp $${f##*/} ../$$f; done
	@touch $@
$(B)/include/autoconf.h $(B)/auto.conf: $(B)/kconfig/.done
	@test -f $@

ifeq ($(BARE),)
include $(B)/auto.conf
endif

.PHONY: menuconfig savedefconfig
menuconfig: $(B)/.config ##  choose features and buffer sizes for BOARD
	@cp $(B)/.config $(B)/.config.before
	$(Q)$(kconfig) kconfig-mconf Kconfig
	@cmp -s $(B)/.config $(B)/.config.before || touch $(B)/.config.own

%_defconfig: ##  make board/<board>/defconfig the configuration again
	@test -f board/$*/defconfig || { echo "no board/$*/defconfig; boards: $(BOARDS)"; exit 1; }
	@rm -f $(O)/$*/.config $(O)/$*/.config.own
	$(Q)$(MAKE) --no-print-directory BOARD=$* $(O)/$*/include/autoconf.h

savedefconfig: $(B)/.config ##  write BOARD's configuration back to board/BOARD/defconfig
	$(Q)$(kconfig) kconfig-conf --savedefconfig=board/$(BOARD)/defconfig Kconfig
	@echo "  board/$(BOARD)/defconfig"
