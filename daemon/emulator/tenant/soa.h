/*
 * The switch of the source of authority, and its way back.
 *
 *   synced object            isCloudManaged false   onPremisesSyncEnabled true
 *   switched to the cloud    true                   null
 *   rolled back              false                  null
 *   taken over by the client false                  true
 *
 * The switch takes the whole object, its mailbox too: IsExchangeCloudManaged ends with it.
 */
#pragma once

#include "tenant/emulator.h"

/* False: the object never was synchronized. *ret_changed is written only when something did. */
bool soa_switch(struct emulator *em, struct object *o, bool cloud, bool *ret_changed);
