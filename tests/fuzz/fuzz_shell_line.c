/* SPDX-License-Identifier: Apache-2.0 */
/* Any line through split, completion, dispatch and both renderers, on an appliance without config
 * and store: whatever was typed, there is a result, and its text cannot drive a terminal. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "app/shell/shell.h"
#include "app/task/app.h"

static struct app app;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    pthread_mutex_init(&app.precheck_lock, NULL);
    pthread_mutex_init(&app.task_lock, NULL);
    app.config_path = "sluice.ini";
    strcpy(app.config_error.text, "sluice.ini: no such file");
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *line = malloc(size + 1);
    if (line == NULL) {
        return 0;
    }
    memcpy(line, data, size);
    line[size] = '\0';

    struct shell_choices choices;
    shell_complete(line, &choices);
    if (choices.begun > strlen(line)) {
        abort();
    }

    yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
    struct shell_call call = {.app = &app, .doc = doc};
    shell_run(&call, line);
    char *text = shell_render_text(call.out, false);
    char *json = shell_render_json(call.out);
    if (text == NULL || json == NULL) { /* the result is valid UTF-8, always */
        abort();
    }
    for (const unsigned char *c = (unsigned char *)text; *c != '\0'; c++) {
        if ((*c < 0x20 && *c != '\n') || *c == 0x7f) {
            abort();
        }
    }
    free(text);
    free(json);
    yyjson_mut_doc_free(doc);
    free(line);
    return 0;
}
