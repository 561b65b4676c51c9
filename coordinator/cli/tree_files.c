#include "coordinator/cli/tree_files.h"

#include <stdlib.h>
#include <sys/stat.h>

static mode_t mode_of_new(void)
{
    mode_t mask = umask(077);
    umask(mask);
    return 0666 & ~mask;
}

bool tree_write(const char *path, struct str bytes, struct err *err)
{
    struct stat st;
    bool exists = stat(path, &st) == 0;
    char *real = exists ? realpath(path, NULL) : NULL;
    bool ok = file_write_atomic(real != NULL ? real : path, bytes, exists ? st.st_mode & 0777 : mode_of_new(), err);
    free(real);
    return ok;
}
