/* Memory for JSON: small blocks that are kept for the next ones of their size. */
#pragma once

/*
 * From now on jansson takes its memory here; to be called before any JSON is made, and once. What
 * jansson gives away (json_dumps()) must not go to free() then: use body_dump().
 */
void json_pool_use(void);
