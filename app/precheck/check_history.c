/* SPDX-License-Identifier: Apache-2.0 */
/* What binlog files there are, for how long, and what is missing from them. */
#include "app/precheck/checks.h"

void check_binlog_filter(const struct facts *f, struct finding *out)
{
    finding_add(out, VERDICT_UNKNOWN, NULL, "not written");
}

void check_binlog_retention(const struct facts *f, struct finding *out)
{
    finding_add(out, VERDICT_UNKNOWN, NULL, "not written");
}

void check_big_files(const struct facts *f, struct finding *out)
{
    finding_add(out, VERDICT_UNKNOWN, NULL, "not written");
}

void check_log_slave_updates(const struct facts *f, struct finding *out)
{
    finding_add(out, VERDICT_UNKNOWN, NULL, "not written");
}
