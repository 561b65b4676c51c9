/* How much a line of the journal matters. Deciders say it, only the outermost layer writes it. */
#pragma once

enum log_level { LOG_LEVEL_UNSET = 0, LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };
