/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the cfg partition and as a bundle: read or refused, and then a commit works. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config/record.h"
#include "drivers/flash/sim_flash.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct sim_options opt = {
        .size = 1 << 19, .erase_size = 4096, .program_size = 512, .nor = false, .seed = 1};
    struct flash *f = sim_flash_new(&opt);
    struct config_record r;
    struct errmsg why;
    struct config c;
    static struct config_mistakes m;
    if (f == NULL) {
        return 0;
    }
    size_t half = size / 2;
    memcpy(sim_flash_bytes(f), data, half < opt.size / 2 ? half : opt.size / 2);
    memcpy(sim_flash_bytes(f) + opt.size / 2, data + half,
           size - half < opt.size / 2 ? size - half : opt.size / 2);
    if (config_record_read(f, &r, &why) == 0) {
        config_bundle_parse(&r.bundle, &c, &m);
        config_free(&c);
        config_bundle_free(&r.bundle);
    }

    struct config_bundle b = {.bytes = malloc(size + 1), .len = size};
    if (b.bytes != NULL && size > 0 && size <= BUNDLE_MAX) {
        uint8_t digest[BUNDLE_DIGEST] = {0};
        memcpy(b.bytes, data, size);
        config_bundle_parse(&b, &c, &m);
        config_free(&c);
        if (config_record_write(f, &b, digest, &why) != 0 ||
            config_record_read(f, &r, &why) != 0 || r.bundle.len != size ||
            memcmp(r.bundle.bytes, data, size) != 0) {
            abort();
        }
        config_bundle_free(&r.bundle);
    }
    config_bundle_free(&b);
    flash_close(f);
    return 0;
}
