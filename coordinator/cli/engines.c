#include "coordinator/cli/engines.h"

bool engines_of(struct local *l, const struct project_models *models, bool ret_engines[ENGINE_COUNT])
{
    bool found[ENGINE_COUNT] = {false}, any = false;
    enum engine engine = opt_value(l->line, &opt_scratch) != NULL ? ENGINE_POSTGRESQL : ENGINE_SQLITE;
    for (size_t i = 0; i < ENGINE_COUNT; i++)
        any |= found[i] = models->engines[i];
    const char *url = opt_value(l->line, &opt_database);
    if (!any && url != NULL && !local_engine(l, &engine))
        return false;
    found[engine] |= !any;
    for (size_t i = 0; i < ENGINE_COUNT; i++)
        ret_engines[i] = found[i];
    return true;
}
