#include "coordinator/cli/revline.h"

#include "coordinator/cli/out.h"
#include "skein/base/timestamp.h"

static const struct revision *revision(const struct revline *r, size_t node)
{
    const struct project *p = r->view->project;
    bool plain = r->plain != NULL && bitset_has(r->plain, node);
    return plain ? p->nodes[node] : squash_shown(p, node);
}

static bool is_merge(const struct revline *r, size_t node)
{
    return revision(r, node)->parents.list.count > 1;
}

void revline_init(struct revline *r, struct arena *a, const struct view *v)
{
    const struct module *m = &v->project->modules.list.items[v->module];
    struct label_table table;
    query_labels(a, v, &table);
    *r = (struct revline){.view = v, .arena = a, .first = m->first, .labels = table.labels};
}

static void comma_names(const struct names *names, struct strbuf *out)
{
    for (size_t i = 0; i < names->list.count; i++)
        strbuf_printf(out, "%s%.*s", i > 0 ? ", " : "", STR_ARG(names->list.items[i]));
}

static void parents(const struct revline *r, size_t node, struct strbuf *out)
{
    const struct names *p = &revision(r, node)->parents;
    if (p->list.count == 0)
        strbuf_puts(out, "<base>");
    else
        comma_names(p, out);
}

static bool is_current(const struct revline *r, size_t node)
{
    return r->current != NULL && bitset_has(r->current, node);
}

static void head_mark(const struct revline *r, size_t node, struct strbuf *out)
{
    if (query_is_effective_head(r->view->project, node))
        strbuf_puts(out, " (head)");
    else if (query_is_head(r->view->project, node))
        strbuf_puts(out, " (effective head)");
}

static void tree_marks(const struct revline *r, size_t node, struct strbuf *out)
{
    if (query_is_branch_point(r->view->project, node))
        strbuf_puts(out, " (branchpoint)");
    if (is_merge(r, node))
        strbuf_puts(out, " (mergepoint)");
}

void revline_format(const struct revline *r, size_t node, int parts, struct strbuf *out)
{
    const struct revision *rev = revision(r, node);
    if (parts & REVLINE_PARENTS) {
        parents(r, node, out);
        if (rev->depends_on.list.count > 0) {
            strbuf_puts(out, " (");
            comma_names(&rev->depends_on, out);
            strbuf_puts(out, ")");
        }
        strbuf_puts(out, " -> ");
    }
    strbuf_add(out, rev->id);
    const struct names *labels = &r->labels[node - r->first];
    if ((parts & REVLINE_LABELS) && labels->list.count > 0) {
        strbuf_puts(out, " (");
        comma_names(labels, out);
        strbuf_puts(out, ")");
    }
    head_mark(r, node, out);
    if (is_current(r, node))
        strbuf_puts(out, " (current)");
    if (parts & REVLINE_TREE)
        tree_marks(r, node, out);
    if (parts & REVLINE_MESSAGE)
        strbuf_printf(out, ", %.*s", STR_ARG(rev->message));
}

static void entry_children(const struct revline *r, size_t node, struct strbuf *out)
{
    const struct dag *d = &r->view->project->dag;
    strbuf_puts(out, "Branches into: ");
    for (size_t i = 0; i < dag_up_count(d, EDGE_PARENT, node); i++)
        strbuf_printf(out, "%s%.*s", i > 0 ? ", " : "", STR_ARG(revision(r, dag_up(d, EDGE_PARENT, node, i))->id));
    strbuf_putc(out, '\n');
}

/* The text of a revision file made by Alembic's template. */
static void entry_text(const struct revline *r, size_t node, struct strbuf *out)
{
    const struct revision *rev = revision(r, node);
    strbuf_printf(out, "\n    %.*s\n    \n    Revision ID: %.*s\n    Revises:", STR_ARG(rev->message),
                  STR_ARG(rev->id));
    /* Alembic strips the text's end: the blank stays only in front of something. */
    if (rev->parents.list.count > 0 || rev->created_ms != 0)
        strbuf_putc(out, ' ');
    comma_names(&rev->parents, out);
    strbuf_putc(out, '\n');
    if (rev->created_ms != 0)
        strbuf_printf(out, "    Create Date: %s\n", timestamp_format(rev->created_ms).text);
}

void revline_entry(const struct revline *r, size_t node, struct strbuf *out)
{
    const struct revision *rev = revision(r, node);
    strbuf_printf(out, "Rev: %.*s%s", STR_ARG(rev->id), query_is_head(r->view->project, node) ? " (head)" : "");
    tree_marks(r, node, out);
    strbuf_printf(out, "%s\n%s: ", is_current(r, node) ? " (current)" : "", is_merge(r, node) ? "Merges" : "Parent");
    parents(r, node, out);
    strbuf_putc(out, '\n');
    if (rev->depends_on.list.count > 0) {
        strbuf_puts(out, "Also depends on: ");
        comma_names(&rev->depends_on, out);
        strbuf_putc(out, '\n');
    }
    if (rev->replaces.list.count > 0) {
        strbuf_puts(out, "Replaces: ");
        comma_names(&rev->replaces, out);
        strbuf_putc(out, '\n');
    }
    if (query_is_branch_point(r->view->project, node))
        entry_children(r, node, out);
    if (r->labels[node - r->first].list.count > 0) {
        strbuf_puts(out, "Branch names: ");
        comma_names(&r->labels[node - r->first], out);
        strbuf_putc(out, '\n');
    }
    struct str root = r->view->project->root;
    strbuf_printf(out, "Path: %.*s/%.*s\n", STR_ARG(root), STR_ARG(rev->path));
    entry_text(r, node, out);
}

json_t *revline_json(const struct revline *r, size_t node)
{
    const struct revision *rev = revision(r, node);
    json_t *object = json_object();
    json_object_set_new(object, "revision", json_str(rev->id));
    json_object_set_new(object, "parents", json_names(&rev->parents));
    json_object_set_new(object, "depends_on", json_names(&rev->depends_on));
    json_object_set_new(object, "labels", json_names(&r->labels[node - r->first]));
    json_object_set_new(object, "message", json_str(rev->message));
    json_object_set_new(object, "created",
                        rev->created_ms != 0 ? json_string(timestamp_format(rev->created_ms).text) : json_null());
    json_object_set_new(object, "path", json_str(rev->path));
    json_object_set_new(object, "checksum", json_string(hash_format(&rev->checksum).text));
    json_object_set_new(object, "head", json_boolean(query_is_head(r->view->project, node)));
    json_object_set_new(object, "branch_point", json_boolean(query_is_branch_point(r->view->project, node)));
    json_object_set_new(object, "merge_point", json_boolean(is_merge(r, node)));
    if (rev->replaces.list.count > 0)
        json_object_set_new(object, "replaces", json_names(&rev->replaces));
    if (r->current != NULL)
        json_object_set_new(object, "current", json_boolean(is_current(r, node)));
    return object;
}

json_t *json_nodes(const struct view *v, const struct nodes *nodes)
{
    json_t *list = json_array();
    for (size_t i = 0; i < nodes->list.count; i++)
        json_array_append_new(list, json_str(v->project->nodes[nodes->list.items[i]]->id));
    return list;
}
