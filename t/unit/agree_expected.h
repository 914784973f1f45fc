/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * t/unit/agree_expected.h: kinds of bodies: how many, how many that "structure"
 * accepts, and "schema", and which, as a number.  agree.c prints these lines.
 */

    { BINARY, "good", 1, 1, 1, 0x251930b1 },
    { BINARY, "unknown field, other bytes", 75, 2, 2, 0xe3a2fb97 },
    { BINARY, "unknown field", 350, 168, 110, 0xf9bac2ed },
    { BINARY, "unknown container", 600, 366, 264, 0x65f25189 },
    { BINARY, "unknown map", 1875, 913, 386, 0xd10b465e },
    { BINARY, "declared field", 1600, 768, 40, 0x6aeca02d },
    { BINARY, "declared list", 2800, 1708, 368, 0x33afec4d },
    { BINARY, "declared map", 2250, 1470, 394, 0xa6fddbea },
    { BINARY, "sizes", 84, 0, 0, 0x7f0a127f },
    { BINARY, "field ids", 108, 108, 108, 0x80d5bc35 },
    { BINARY, "bools", 1280, 1280, 1280, 0x524571c5 },
    { BINARY, "enums", 91, 91, 14, 0xdf22c28f },
    { BINARY, "texts", 296, 296, 148, 0x910fc3c8 },
    { BINARY, "fields of unions and structs", 128, 128, 17, 0xdb6b9a6f },
    { BINARY, "unions in containers", 44, 44, 15, 0x6bc045ef },
    { BINARY, "depths", 60, 33, 33, 0xdff56522 },
    { BINARY, "ends", 518, 1, 1, 0xad4a4b8a },
    { COMPACT, "good", 1, 1, 1, 0xd6516a13 },
    { COMPACT, "unknown field, other bytes", 48, 3, 3, 0x324ecd4c },
    { COMPACT, "unknown field", 224, 182, 120, 0x90cef3d1 },
    { COMPACT, "unknown container", 384, 330, 255, 0x68b32e2f },
    { COMPACT, "unknown map", 768, 594, 498, 0xdbf0bf6f },
    { COMPACT, "declared field", 1024, 832, 42, 0x0529e32d },
    { COMPACT, "declared list", 1792, 1540, 365, 0x86e4415f },
    { COMPACT, "declared map", 1440, 1260, 510, 0xf4c9d873 },
    { COMPACT, "sizes", 84, 0, 0, 0xa379984b },
    { COMPACT, "field ids", 216, 108, 108, 0xda635cf1 },
    { COMPACT, "bools", 1024, 1024, 8, 0x20786015 },
    { COMPACT, "enums", 91, 91, 14, 0x5e4fd0f9 },
    { COMPACT, "texts", 296, 296, 148, 0xe120cacc },
    { COMPACT, "fields of unions and structs", 128, 128, 17, 0xed5b0a37 },
    { COMPACT, "unions in containers", 44, 44, 15, 0xbfcfaf50 },
    { COMPACT, "depths", 60, 33, 33, 0xb943790b },
    { COMPACT, "ends", 518, 1, 1, 0xd40b2a9a },
    { COMPACT, "compact heads", 2224, 1807, 846, 0x868c4eab },
    { COMPACT, "compact numbers", 11700, 3308, 3135, 0xef38f17f },
    { COMPACT, "compact containers", 1024, 256, 2, 0x297f0c61 }
