#include "engine/assets/workspace.h"

#include <ctype.h>

void
nt_path_part(nt_buf_t *out, nt_str_t name)
{
    unsigned char c;
    size_t        i;

    if (name.len == 0) {
        nt_buf_append_char(out, '_');
    }
    for (i = 0; i < name.len; i++) {
        c = (unsigned char) name.data[i];
        if ((c < 0x80 && isalnum(c)) || (c == '.' && i > 0) || c == '_' ||
            c == '-' || c == '@')
        {
            nt_buf_append_char(out, (char) c);
        } else {
            nt_buf_printf(out, "%%%02X", c);
        }
    }
}

void
nt_workspace_name(nt_buf_t *out, nt_str_t user, nt_str_t workflow_id)
{
    nt_path_part(out, user);
    nt_buf_append_char(out, '/');
    nt_path_part(out, workflow_id);
    nt_buf_append_char(out, '\0');
}
