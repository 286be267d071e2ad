# SPDX-License-Identifier: Apache-2.0
# The third-party libraries: fetched by image/fetch as image/third-party says, built without touching
# their sources, one folder of objects for each toolchain (O/tp-TC).

TP := $(O)/tp-$(TC)
GEN := $(O)/gen/libmariadb
TP_NAMES := mbedtls libmariadb yyjson libdeflate blake3 linenoise

# Seen by our own sources, too.
TP_DEFS := '-DMBEDTLS_CONFIG_FILE="image/mbedtls/config.h"' -DYYJSON_DISABLE_NON_STANDARD=1
TP_INC := -isystem $(SRC)/mbedtls/include -isystem image/libmariadb -isystem $(GEN) \
	-isystem $(SRC)/libmariadb/include -isystem $(SRC)/libmariadb/external/zlib \
	-isystem $(SRC)/yyjson/src -isystem $(SRC)/libdeflate \
	-isystem $(SRC)/blake3 -isystem $(SRC)/linenoise $(TP_DEFS) -DHAVE_TLS -DMA_HASH_CTX=void

# ---- fetching ---------------------------------------------------------------------------------

# A row of the table that changed fetches and rebuilds that library, and no other.
$(SRC)/.table: image/third-party
	@mkdir -p $(@D)
	@awk -v dir=$(@D) '$$1 == "Name:" { n = $$2 } \
		$$1 ~ /^(Pool|Sha256|Take):/ { row[n] = row[n] $$2 "\n" } \
		END { for (n in row) { f = dir "/" n ".row"; old = ""; \
			while ((getline l < f) > 0) old = old l "\n"; close(f); \
			if (old != row[n]) printf "%s", row[n] > f } }' $<
	@touch $@
$(SRC)/%.row: $(SRC)/.table
	@test -f $@
.PRECIOUS: $(SRC)/%.row
$(SRC)/%.ready: $(SRC)/%.row image/fetch | $(O)/.need-build
	$(Q)image/fetch $* $(SRC)
	@touch $@
.PRECIOUS: $(SRC)/%.ready

# The cache folder may have been emptied since.
$(foreach n,$(if $(BARE),,$(TP_NAMES)),$(if $(wildcard $(SRC)/$(n)/.),,$(shell rm -f $(SRC)/$(n).ready)))

# ---- what is compiled -------------------------------------------------------------------------

mbedtls_SRCS := $(patsubst %,library/%.c,aes aesce aesni asn1parse asn1write base64 bignum bignum_core \
	bignum_mod bignum_mod_raw block_cipher chacha20 chachapoly cipher cipher_wrap constant_time \
	ctr_drbg ecdh ecdsa ecp ecp_curves ecp_curves_new entropy entropy_poll error gcm hkdf md \
	net_sockets oid pem pk pk_ecc pk_wrap pkcs5 pkparse pkwrite platform platform_util poly1305 \
	psa_crypto psa_crypto_aead psa_crypto_cipher psa_crypto_client \
	psa_crypto_driver_wrappers_no_static psa_crypto_ecp psa_crypto_hash psa_crypto_mac \
	psa_crypto_random psa_crypto_rsa psa_crypto_slot_management psa_util rsa rsa_alt_helpers \
	sha1 sha256 sha512 ssl_ciphersuites ssl_client ssl_debug_helpers_generated ssl_msg ssl_tls \
	ssl_tls12_client ssl_tls12_server ssl_tls13_client ssl_tls13_generic ssl_tls13_keys \
	ssl_tls13_server threading version x509 x509_create x509_crt x509write x509write_crt)
mbedtls_FLAGS := -I$(SRC)/mbedtls/include -I$(SRC)/mbedtls/library

# The streams of a relay go through these.
mbedtls_O2 := library/aesni.c library/aes.c library/gcm.c library/chacha20.c library/poly1305.c

libmariadb_SRCS := $(patsubst %,libmariadb/%.c,ma_alloc ma_array ma_compress ma_context ma_decimal \
	ma_default ma_dtoa ma_errmsg ma_hashtbl ma_init ma_io ma_list ma_ll2str ma_loaddata ma_net \
	ma_password ma_pvio ma_string ma_time ma_tls mariadb_async mariadb_lib mariadb_rpl) \
	plugins/auth/my_auth.c plugins/auth/ed25519.c \
	$(patsubst %,plugins/auth/ref10/%.c,fe_0 fe_1 fe_add fe_cmov fe_copy fe_frombytes fe_invert \
	fe_isnegative fe_isnonzero fe_mul fe_neg fe_pow22523 fe_sq fe_sq2 fe_sub fe_tobytes ge_add \
	ge_double_scalarmult ge_frombytes ge_madd ge_msub ge_p1p1_to_p2 ge_p1p1_to_p3 ge_p2_0 \
	ge_p2_dbl ge_p3_0 ge_p3_dbl ge_p3_to_cached ge_p3_to_p2 ge_p3_tobytes ge_precomp_0 \
	ge_sub ge_tobytes keypair open sc_muladd sc_reduce sign verify)
# NDEBUG: my_auth.c asserts in its TLS path otherwise. DBUG_OFF: no tracing. HAVE_COMPRESS: without it
# the library does not link; the protocol's compression is never asked for, so no zlib. The socket
# plugin (pvio_socket) is drivers/tls/socket.c.
# Its parts disagree about the types of what is left out (no_statements.c): no LTO for them.
libmariadb_FLAGS := -fno-lto -DHAVE_TLS -DDBUG_OFF -DNDEBUG -D_REENTRANT -DLIBICONV_PLUG -DTHREAD -DHAVE_COMPRESS \
	-Iimage/libmariadb -I$(GEN) -I$(SRC)/libmariadb/include -I$(SRC)/libmariadb/external/zlib \
	-I$(SRC)/libmariadb/plugins/auth -I$(SRC)/libmariadb/plugins/auth/ref10
# The hash context is drivers/tls's own; only ed25519.c insists on knowing a TLS library.
libmariadb_CTX = $(if $(filter plugins/auth/ed25519.c,$(1)),-DHAVE_GNUTLS -Iimage/libmariadb/shim,-DMA_HASH_CTX=void)
# The login plugins linked in; mysql_clear_password never: it would send the password as it is.
libmariadb_PLUGINS := mysql_native_password:AUTHENTICATION client_ed25519:AUTHENTICATION \
	caching_sha2_password:AUTHENTICATION sha256_password:AUTHENTICATION pvio_socket:PVIO

yyjson_SRCS := src/yyjson.c
# Its speed is not needed here: libc converts floating point and -Os decides what is inlined.
# Three quarters of its size go.
yyjson_FLAGS := -DYYJSON_DISABLE_FAST_FP_CONV=1 -Dalways_inline=unused
libdeflate_SRCS := lib/crc32.c lib/utils.c $(if $(filter x86_64,$(ARCH)),lib/x86/cpu_features.c) \
	$(if $(filter aarch64 armv7,$(ARCH)),lib/arm/cpu_features.c)
libdeflate_FLAGS := -I$(SRC)/libdeflate
libdeflate_O2 := lib/crc32.c
linenoise_SRCS := linenoise_src.c

# BLAKE3 is built both ways; CONFIG_BLAKE3_ASM chooses which one is linked.
blake3_C := blake3.c blake3_dispatch.c blake3_portable.c
blake3_SRCS := $(blake3_C) $(if $(filter x86_64,$(ARCH)),blake3_sse41_x86-64_unix.S \
	blake3_avx2_x86-64_unix.S) $(if $(filter aarch64,$(ARCH)),blake3_neon.c)
blake3_FLAGS := -I$(SRC)/blake3 -DBLAKE3_NO_SSE2 -DBLAKE3_NO_AVX512 $(if $(filter armv7,$(ARCH)),-DBLAKE3_USE_NEON=0)
blake3_O2 := blake3_portable.c blake3_neon.c
blake3-c_SRCS := $(blake3_C)
blake3-c_FLAGS := -I$(SRC)/blake3 -DBLAKE3_NO_SSE2 -DBLAKE3_NO_SSE41 -DBLAKE3_NO_AVX2 -DBLAKE3_NO_AVX512 \
	-DBLAKE3_USE_NEON=0
blake3-c_O2 := blake3_portable.c

TP_BLAKE3 := $(if $(CONFIG_BLAKE3_ASM),blake3,blake3-c)
TP_BUILT := libmariadb mbedtls yyjson libdeflate $(TP_BLAKE3) linenoise
TP_LIBS := $(TP_BUILT:%=$(TP)/lib%.a)
TP_LIBS := $(TP_LIBS:$(TP)/liblib%=$(TP)/lib%)
TP_READY := $(TP_NAMES:%=$(SRC)/%.ready) $(GEN)/.ready $(TC_READY)

# The sanitizers look at our code. Only the thread sanitizer must see the libraries' locks as well.
TP_CFLAGS := -std=gnu11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 $(OPT) -I. $(TP_DEFS) -w \
	$(if $(filter glibc,$(TC)),-g,$(TC_CFLAGS)) -ffile-prefix-map=$(O)/=
TP_CC := $(if $(filter glibc,$(TC)),gcc,$(CC))

# $(1) library, $(2) folder under SRC
define tp_lib
$(call flags_file,$(TP)/$(1)/.flags,$(TP_CC) $(TP_CFLAGS) $($(1)_FLAGS) $($(1)_O2))
$(1)_A := $(TP)/lib$(patsubst lib%,%,$(1)).a
$(1)_OBJS := $$(addprefix $(TP)/$(1)/,$$(addsuffix .o,$$(basename $$($(1)_SRCS))))
$$($(1)_OBJS): $(SRC)/$(2).ready $(TP)/$(1)/.flags $(if $(filter libmariadb,$(1)),$(GEN)/.ready image/libmariadb/ma_config.h) \
		$(if $(filter mbedtls,$(1)),image/mbedtls/config.h) $(TC_READY)
$$($(1)_A): $$($(1)_OBJS)
	$$(call say,AR,$$@)
	$$(Q)rm -f $$@ && $$(AR) rcs $$@ $$(filter %.o,$$^)
$(TP)/$(1)/%.o:
	$$(call say,CC,$(1)/$$*)
	@mkdir -p $$(@D)
	$$(Q)f=$$*.c; test -f $(SRC)/$(2)/$$$$f || f=$$*.S; \
	$$(TP_CC) $$(TP_CFLAGS) $$($(1)_FLAGS) $$(call $(1)_CTX,$$*.c) $$(if $$(filter $$*.c,$$($(1)_O2)),-O2) \
		-c -o $$@ $(SRC)/$(2)/$$$$f
endef
$(foreach l,mbedtls libmariadb yyjson libdeflate linenoise blake3,$(eval $(call tp_lib,$(l),$(l))))
$(eval $(call tp_lib,blake3-c,blake3))

# ---- libmariadb's generated files -------------------------------------------------------------

$(GEN)/.ready: $(SRC)/libmariadb.ready image/third-party.mk
	@mkdir -p $(GEN)
	@v() { sed -n 's/^SET(CPACK_PACKAGE_VERSION_'$$1' \([0-9]*\)).*/\1/p' $(SRC)/libmariadb/CMakeLists.txt; }; \
	version=$$(v MAJOR).$$(v MINOR).$$(v PATCH); \
	id=$$(($$(v MAJOR) * 10000 + $$(v MINOR) * 100 + $$(v PATCH))); \
	sed -e "s/@CPACK_PACKAGE_VERSION@/$$version/; s/@MARIADB_PACKAGE_VERSION_ID@/$$id/; s/@PROTOCOL_VERSION@/10/" \
	    -e "s/@MARIADB_CLIENT_VERSION@/$$version/; s/@MARIADB_BASE_VERSION@/mariadb-$$version/; s/@MARIADB_VERSION_ID@/$$id/" \
	    -e "s/@MARIADB_PORT@/3306/; s/@default_charset@/utf8mb4/; s/@[A-Za-z_]*@//g" \
	    $(SRC)/libmariadb/include/mariadb_version.h.in >$(GEN)/mariadb_version.h
	@sed -e 's/^#cmakedefine Z_PREFIX//; s/^#cmakedefine Z_HAVE_UNISTD_H/#define Z_HAVE_UNISTD_H 1/' \
	    $(SRC)/libmariadb/external/zlib/zconf.h.cmakein >$(GEN)/zconf.h
	@ext='$(foreach p,$(libmariadb_PLUGINS),extern struct st_mysql_client_plugin_$(lastword $(subst :, ,$(p))) $(firstword $(subst :, ,$(p)))_client_plugin;\n)'; \
	list='$(foreach p,$(libmariadb_PLUGINS),(struct st_mysql_client_plugin *)\&$(firstword $(subst :, ,$(p)))_client_plugin,\n)'; \
	sed -e "s/@EXTERNAL_PLUGINS@/$$ext/; s/@BUILTIN_PLUGINS@/$$list/; s/@PLUGINS_DISABLED@//" \
	    -e 's/st_mysql_client_plugin_PVIO/st_ma_pvio_plugin/' \
	    $(SRC)/libmariadb/libmariadb/ma_client_plugin.c.in >$(GEN)/ma_client_plugin.c
	@touch $@

# Ours beside the library's: the plugin table made from its template, and what is left out of it.
libmariadb_OWN := $(addprefix $(TP)/libmariadb/,ma_client_plugin.o charsets.o no_statements.o base_point.o)
$(TP)/libmariadb.a: $(libmariadb_OWN)
$(libmariadb_OWN): $(GEN)/.ready $(TP)/libmariadb/.flags image/libmariadb/ma_config.h $(TC_READY)
	$(call say,CC,libmariadb/$(basename $(@F)))
	@mkdir -p $(@D)
	$(Q)$(TP_CC) $(TP_CFLAGS) $(libmariadb_FLAGS) -DMA_HASH_CTX=void -c -o $@ \
		$(firstword $(wildcard image/libmariadb/$(basename $(@F)).c) $(GEN)/$(basename $(@F)).c)
$(TP)/libmariadb/charsets.o: image/libmariadb/charsets.c
$(TP)/libmariadb/no_statements.o: image/libmariadb/no_statements.c
$(TP)/libmariadb/base_point.o: image/libmariadb/base_point.c
