/* Who has not applied a range that is about to be squashed. */
#include "coordinator/cli/client.h"
#include "coordinator/cli/squashing.h"
#include "skein/plan/query.h"

const struct opt_option opt_fleet = {.name = "fleet", .doc = "Ask the coordinator for the state of every target, too"};

/* Rows that the project does not know are no answer: the range may lack. */
static bool has_all(struct local *l, size_t module, const struct squash_made *made, const struct dbstate *state)
{
    struct view v = local_view(l, module);
    struct bitset applied;
    struct err ignored;
    if (!query_applied(&l->arena, &v, dbstate_heads(state, local_module_name(l, module)), &applied, &ignored))
        return false;
    for (size_t i = 0; i < made->members.list.count; i++)
        if (!bitset_has(&applied, made->members.list.items[i]))
            return false;
    return true;
}

static void add(struct local *l, struct lacking_list *list, struct str name, struct str state)
{
    struct lacking one = {.name = str_copy(&l->arena, name), .state = str_copy(&l->arena, state)};
    vec_push(&l->arena, &list->list, one);
}

static bool ask_database(struct local *l, size_t module, const struct squash_made *made, struct lacking_list *list,
                         size_t *asked)
{
    struct dbstate state = {0};
    if (!local_state(l, &state))
        return false;
    if (!has_all(l, module, made, &state))
        add(l, list, l->db->name, dbstate_format(&l->arena, &state));
    (*asked)++;
    return true;
}

static void look_at(struct local *l, size_t module, const struct squash_made *made, const struct target_row *row,
                    struct lacking_list *list)
{
    if (!row->state_known)
        add(l, list, row->name, STR("unknown"));
    else if (!has_all(l, module, made, &row->state))
        add(l, list, row->name, dbstate_format(&l->arena, &row->state));
}

static bool ask_pages(struct local *l, struct client *c, size_t module, const struct squash_made *made,
                      struct lacking_list *list, size_t *asked)
{
    struct msg request = {.kind = MSG_STATUS}, reply;
    for (;;) {
        if (!client_ask(c, &request, MSG_STATUS_REPLY, 0, &reply))
            return false;
        for (size_t i = 0; i < reply.status_reply.rows.count; i++)
            look_at(l, module, made, &reply.status_reply.rows.items[i], list);
        *asked += reply.status_reply.rows.count;
        if (reply.status_reply.next <= request.status.page.offset)
            return true;
        request.status.page.offset = reply.status_reply.next;
    }
}

static bool ask_fleet(struct local *l, size_t module, const struct squash_made *made, struct lacking_list *list,
                      size_t *asked)
{
    struct client c;
    bool ok = client_open(&c, l->line) && ask_pages(l, &c, module, made, list, asked);
    if (!ok)
        l->err = c.err;
    client_close(&c);
    return ok;
}

bool squashing_ask(struct local *l, size_t module, const struct squash_made *made, struct lacking_list *ret_lacking,
                   size_t *ret_asked)
{
    struct lacking_list list = {0};
    size_t asked = 0;
    if ((opt_value(l->line, &opt_database) != NULL && !ask_database(l, module, made, &list, &asked)) ||
        (opt_has(l->line, &opt_fleet) && !ask_fleet(l, module, made, &list, &asked)))
        return false;
    *ret_lacking = list;
    *ret_asked = asked;
    return true;
}
