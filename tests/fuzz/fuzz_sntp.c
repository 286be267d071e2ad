/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a time server's answer: what is believed lies where it may. */

#include <stdint.h>
#include <stdlib.h>

#include "drivers/net/sntp_packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int64_t build = 1700000000;
    int64_t time_us = 0, busy_us = 0;
    struct errmsg why;
    if (sntp_parse(data, size, UINT64_C(0x1122334455667788), build, &time_us, &busy_us, &why) ==
        0) {
        if (time_us < build * 1000000 || time_us >= (build + (INT64_C(1) << 32)) * 1000000 ||
            busy_us < 0) {
            abort();
        }
    }
    return 0;
}
