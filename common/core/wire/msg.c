#include "skein/wire/msg.h"

struct kind_row {
    const char *name;
    unsigned senders; /* set of roles */
};

static const struct kind_row kinds[MSG_COUNT] = {
#define KIND(name, member, senders) [MSG_##name] = {#member, senders},
    MSG_KINDS(KIND)
#undef KIND
};

static const struct {
    enum role role;
    const char *name;
} roles[] = {
    {ROLE_AGENT, "agent"},       {ROLE_VIEWER, "viewer"}, {ROLE_OPERATOR, "operator"},
    {ROLE_APPROVER, "approver"}, {ROLE_ADMIN, "admin"},   {ROLE_COORDINATOR, "coordinator"},
};

enum { ROLE_NAMES = sizeof(roles) / sizeof(roles[0]) };

const char *role_name(enum role role)
{
    for (unsigned i = 0; i < ROLE_NAMES; i++)
        if (roles[i].role == role)
            return roles[i].name;
    return "unset";
}

bool role_parse(struct str name, enum role *ret_role)
{
    for (unsigned i = 0; i < ROLE_NAMES; i++)
        if (str_is(name, roles[i].name)) {
            *ret_role = roles[i].role;
            return true;
        }
    return false;
}

const char *msg_kind_name(enum msg_kind kind)
{
    return kind > MSG_UNSET && kind < MSG_COUNT ? kinds[kind].name : "unset";
}

bool msg_allowed(enum msg_kind kind, enum role sender)
{
    return kind > MSG_UNSET && kind < MSG_COUNT && (kinds[kind].senders & (unsigned)sender) != 0;
}

struct str msg_describe(struct arena *a, const struct msg *m)
{
    struct str target = STR_NONE;
    uint64_t fence = 0;
    switch ((int)m->kind) {
    case MSG_OFFER:
        target = m->offer.target, fence = m->offer.fence;
        break;
    case MSG_CLOSE:
        target = m->close.target, fence = m->close.fence;
        break;
    case MSG_ACCEPT:
        target = m->accept.target, fence = m->accept.fence;
        break;
    case MSG_RESULT:
        return str_printf(a, "result(target=%.*s fence=%llu %s)", STR_ARG(m->result.report.name),
                          (unsigned long long)m->result.fence, outcome_name(m->result.outcome));
    case MSG_CLOSED:
        target = m->closed.report.name, fence = m->closed.fence;
        break;
    case MSG_RESULT_ACK:
        target = m->result_ack.target, fence = m->result_ack.fence;
        break;
    default:
        return str_of(msg_kind_name(m->kind));
    }
    return str_printf(a, "%s(target=%.*s fence=%llu)", msg_kind_name(m->kind), STR_ARG(target),
                      (unsigned long long)fence);
}
