/* (filled by the graph work) */
#pragma once
#include <stddef.h>
struct dag {
    size_t node_count;
};
