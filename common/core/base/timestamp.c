#include "skein/base/timestamp.h"

#include <stdio.h>
#include <time.h>

struct timestamp_text timestamp_format(int64_t ms)
{
    struct timestamp_text out;
    time_t seconds = (time_t)(ms / 1000);
    int rest = (int)(ms % 1000);
    if (rest < 0) {
        rest += 1000;
        seconds--;
    }
    struct tm tm;
    gmtime_r(&seconds, &tm);
    size_t len = strftime(out.text, sizeof(out.text), "%Y-%m-%dT%H:%M:%S", &tm);
    if (rest != 0)
        snprintf(out.text + len, sizeof(out.text) - len, ".%03dZ", rest);
    else
        snprintf(out.text + len, sizeof(out.text) - len, "Z");
    return out;
}

/* Reads exactly `digits` digits off *s, then the byte `after` unless it is NUL. */
static bool take_number(struct str *s, size_t digits, char after, int *ret_value)
{
    unsigned long long value;
    if (s->len < digits || !str_to_u64(str_head(*s, digits), 9999, &value))
        return false;
    *s = str_from(*s, digits);
    if (after != '\0') {
        if (s->len == 0 || s->p[0] != after)
            return false;
        *s = str_from(*s, 1);
    }
    *ret_value = (int)value;
    return true;
}

static bool take_fraction(struct str *s, int *ret_ms)
{
    *ret_ms = 0;
    if (s->len == 0 || s->p[0] != '.')
        return true;
    *s = str_from(*s, 1);
    int scale = 100, count = 0;
    for (; s->len > 0 && s->p[0] >= '0' && s->p[0] <= '9'; *s = str_from(*s, 1), count++, scale /= 10)
        *ret_ms += (s->p[0] - '0') * scale;
    return count > 0 && count <= 9;
}

static bool take_offset(struct str s, int64_t *ret_ms)
{
    int hours, minutes;
    if (str_is(s, "Z") || str_is(s, "z")) {
        *ret_ms = 0;
        return true;
    }
    if (s.len != 6 || (s.p[0] != '+' && s.p[0] != '-'))
        return false;
    int sign = s.p[0] == '+' ? 1 : -1;
    s = str_from(s, 1);
    if (!take_number(&s, 2, ':', &hours) || !take_number(&s, 2, '\0', &minutes) || hours > 23 || minutes > 59)
        return false;
    *ret_ms = sign * (hours * 60 + minutes) * INT64_C(60000);
    return true;
}

bool timestamp_parse(struct str s, int64_t *ret_ms)
{
    struct tm tm = {0};
    int ms;
    int64_t offset;
    if (!take_number(&s, 4, '-', &tm.tm_year) || !take_number(&s, 2, '-', &tm.tm_mon) ||
        !take_number(&s, 2, '\0', &tm.tm_mday) || s.len == 0 || (s.p[0] != 'T' && s.p[0] != ' '))
        return false;
    s = str_from(s, 1);
    if (!take_number(&s, 2, ':', &tm.tm_hour) || !take_number(&s, 2, ':', &tm.tm_min) ||
        !take_number(&s, 2, '\0', &tm.tm_sec) || !take_fraction(&s, &ms) || !take_offset(s, &offset))
        return false;
    if (tm.tm_mon < 1 || tm.tm_mon > 12 || tm.tm_mday < 1 || tm.tm_mday > 31 || tm.tm_hour > 23 || tm.tm_min > 59 ||
        tm.tm_sec > 60)
        return false;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    *ret_ms = (int64_t)timegm(&tm) * 1000 + ms - offset;
    return true;
}

bool duration_parse(struct str s, int64_t *ret_ms)
{
    static const struct {
        const char *suffix;
        int64_t ms;
    } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}, {"", 1}};
    enum { DAYS_MAX = 24 };
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        struct str suffix = str_of(units[i].suffix);
        unsigned long long value;
        if (!str_ends(s, suffix))
            continue;
        if (!str_to_u64(str_head(s, s.len - suffix.len),
                        (unsigned long long)(DAYS_MAX * INT64_C(86400000) / units[i].ms), &value))
            continue;
        *ret_ms = (int64_t)value * units[i].ms;
        return true;
    }
    return false;
}
