package demo

// picture is a drawing of a product, or of its variants with one option value.
type picture struct {
	of    string // the product's family, or its SKU
	value string // "": the product itself
	draw  interface{ paint(*canvas, look) }
	look
}

// Glazes, cloths and inks that several things share.
const (
	cream      ink = 0xf2e8d5
	teal       ink = 0x3f8a8c
	terracotta ink = 0xc96f4a
	midnight   ink = 0x2c3a5a
	navy       ink = 0x2b3f63
	mustard    ink = 0xe0a93b
	forest     ink = 0x3d5f48
	olive      ink = 0x7b7d45
	rust       ink = 0xb5522f
	natural    ink = 0xeadfc8

	sand  ink = 0xf0d9b5
	blush ink = 0xf2c9b8
	sky   ink = 0xbfdbe6
	mint  ink = 0xc6dfc8
	lilac ink = 0xd6cbe6
	lemon ink = 0xf6e3a1
	stone ink = 0xd9d4cb
)

// gallery is every picture of the shop, a product's own before its variants'.
func gallery() []picture {
	return []picture{
		{"COF-KIOSK", "", still(pouch), look{sand, 0x3a2a22, 0xf3d9a4, 0x8c3b22, bean}},
		{"COF-STOOP", "", still(pouch), look{blush, 0xb4553a, paper, 0x6b2c1c, sun}},
		{"COF-YIRGA", "", still(pouch), look{lemon, 0xf6efe2, 0xf2b84b, 0x8a4b1e, blossom}},
		{"COF-HUILA", "", still(pouch), look{mint, 0x2f6f5e, paper, 0xc8552d, bean}},
		{"COF-KERINCI", "", still(pouch), look{stone, 0x4a5a44, 0xe7d7ae, 0x33402f, leaf}},
		{"COF-DECAF", "", still(pouch), look{lilac, 0x54467a, paper, 0x54467a, moon}},
		{"COF-COLD", "", still(pouch), look{sky, 0x3d7ea6, 0xe8f3f6, 0x245a7c, droplet}},

		{"TEA-BREAK", "", still(tin), look{sand, 0xa83a2c, paper, 0x7a241b, leaf}},
		{"TEA-EARL", "", still(tin), look{sky, 0x34506e, 0xe9eef2, 0x34506e, blossom}},
		{"TEA-SENCHA", "", still(tin), look{mint, 0x6f9a55, paper, 0x3f6a37, leaf}},
		{"TEA-OOLONG", "", still(tin), look{lemon, 0x2f7d74, 0xf4ecd2, 0xb98a2f, sprig}},
		{"TEA-MINT", "", still(tin), look{blush, 0x4aa58a, paper, 0x2c7661, sprig}},
		{"TEA-CHAI", "", still(tin), look{lilac, 0xd1792d, paper, 0x8f3f2a, star}},

		{"OIL-PICUAL", "", still(bottle), look{mint, 0x3f5a2c, paper, 0x55702f, olives}},
		{"OIL-ARBEQ", "", still(bottle), look{sand, 0xb89a2e, paper, 0x7a6a1f, olives}},
		{"OIL-LEMON", "", still(bottle), look{sky, 0xe3c341, paper, 0xb08a17, fruit}},
		{"OIL-SESAME", "", still(bottle), look{blush, 0x9c5a2b, 0xf3e2c4, 0x6b3a18, sprig}},
		{"VIN-SHERRY", "", still(flask), look{stone, 0x7a3324, paper, 0x7a3324, berries}},
		{"VIN-CIDER", "", still(flask), look{lemon, 0xd79a45, paper, 0x9b3b2b, fruit}},

		{"JAM-APRICOT", "", still(jar), look{sky, 0xf0963a, paper, 0xc8641c, fruit}},
		{"JAM-RASP", "", still(jar), look{mint, 0xc0314b, paper, 0x9b2039, berries}},
		{"JAM-ORANGE", "", still(jar), look{lilac, 0xee8226, 0xfbeccb, 0xb8551a, sun}},
		{"JAM-PLUM", "", still(jar), look{sand, 0x5c2a4d, paper, 0x5c2a4d, fruit}},
		{"HON-LINDEN", "", still(jar), look{blush, 0xf0b429, paper, 0xb47a12, comb}},
		{"HON-FOREST", "", still(jar), look{mint, 0x7a4316, 0xf3e3c0, 0x4f5f35, comb}},

		{"CHO-72", "", flat(bar), look{blush, 0xc03d3a, 0x4a2a1e, 0xfbe9d2, berries}},
		{"CHO-85", "", flat(bar), look{stone, 0x2d2a33, 0x33201a, 0xd9b65a, moon}},
		{"CHO-SALT", "", flat(bar), look{sky, 0x2f6c8f, 0x4a2a1e, 0xeaf3f5, star}},
		{"CHO-MILK", "", flat(bar), look{lemon, 0xe9b44c, 0x8a5632, 0x7a4216, sun}},
		{"CHO-HAZEL", "", flat(bar), look{mint, 0x6d8450, 0x6a3d24, 0xf5ead0, leaf}},
		{"CHO-ORANGE", "", flat(bar), look{lilac, 0xe8762d, 0x4a2a1e, 0xfff1dc, fruit}},

		{"CER-MUG", "", still(mug), look{sky, cream, brew, black, nil}},
		{"CER-MUG", "teal", still(mug), look{blush, teal, brew, black, nil}},
		{"CER-MUG", "terracotta", still(mug), look{mint, terracotta, brew, black, nil}},
		{"CER-MUG", "midnight", still(mug), look{lemon, midnight, brew, black, nil}},
		{"CER-ESP", "", still(cups), look{mint, cream, brew, black, nil}},
		{"CER-ESP", "midnight", still(cups), look{sand, midnight, brew, black, nil}},
		{"CER-BOWL", "", still(bowl), look{blush, cream, brew, black, nil}},
		{"CER-BOWL", "teal", still(bowl), look{lemon, teal, brew, black, nil}},
		{"CER-BOWL", "midnight", still(bowl), look{sky, midnight, brew, black, nil}},
		{"CER-PLATE", "", flat(plate), look{mint, cream, brew, black, nil}},
		{"CER-PLATE", "terracotta", flat(plate), look{sky, terracotta, brew, black, nil}},
		{"CER-PLATE", "teal", flat(plate), look{sand, teal, brew, black, nil}},
		{"CER-POT", "", still(teapot), look{sand, teal, mustard, black, nil}},
		{"CER-POT", "cream", still(teapot), look{lilac, cream, wood, black, nil}},
		{"CER-VASE", "", still(vase), look{sky, terracotta, mustard, 0xd8556a, nil}},
		{"CER-VASE", "cream", still(vase), look{mint, cream, 0xe89aa8, 0xe8762d, nil}},
		{"CER-VASE", "midnight", still(vase), look{lemon, midnight, white, 0xd8556a, nil}},

		{"BRW-DRIP", "", still(dripper), look{blush, 0xf4efe6, brew, black, nil}},
		{"BRW-PRESS", "", still(press), look{sky, 0x2a2a2c, brew, black, nil}},
		{"BRW-MOKA", "", still(moka), look{lemon, steel, brew, black, nil}},
		{"BRW-KETTLE", "", still(kettle), look{mint, 0x9fa8ae, brew, 0x3a2a22, nil}},
		{"BRW-GRIND", "", still(grinder), look{sand, 0x8f989f, wood, black, nil}},
		{"BRW-FILTER", "", flat(filters), look{lilac, 0xd8b98c, brew, black, nil}},

		{"WAX-FIG", "", still(candle), look{mint, 0x86a27a, 0xf1ead6, 0x55702f, leaf}},
		{"WAX-SMOKE", "", still(candle), look{stone, 0x6b6468, 0xe8e2da, 0x4a3f3f, droplet}},
		{"WAX-TOMATO", "", still(candle), look{blush, 0xb9503c, 0xf5ebda, 0x9c3524, fruit}},
		{"SOAP-OLIVE", "", still(soap), look{sand, 0x9fab62, 0x6f7b3a, 0x5f6b30, olives}},
		{"SOAP-OAT", "", still(soap), look{lilac, 0xe3c48f, 0xa8793f, 0x9a6a2c, comb}},
		{"WAX-MATCH", "", still(matches), look{sky, 0xf0c14b, paper, 0xc0392b, sun}},

		{"STA-NOTE", "", flat(notebook), look{sand, 0x2f5d62, paper, 0xd8663c, awning}},
		{"STA-POCKET", "", flat(booklets), look{mint, 0xd8663c, 0x2f5d62, mustard, nil}},
		{"STA-PENCIL", "", flat(pencils), look{sky, 0xc8452f, cream, mustard, nil}},
		{"STA-PEN", "", flat(pen), look{lilac, 0xc9a24a, brew, black, nil}},
		{"STA-INK", "", still(inkwell), look{sand, 0x23395b, paper, black, droplet}},
		{"STA-INK", "bottle green", still(inkwell), look{blush, 0x1f5a45, paper, black, droplet}},
		{"STA-INK", "brick red", still(inkwell), look{mint, 0x9c3524, paper, black, droplet}},
		{"STA-CARD", "", flat(cards), look{blush, 0xfbf7ee, paper, 0x2f6f5e, blossom}},

		{"CLO-TEE", "", flat(shirt), look{sky, 0xfaf7f1, brew, 0xc8452f, nil}},
		{"CLO-TEE", "navy", flat(shirt), look{sand, navy, brew, 0xf0c14b, nil}},
		{"CLO-TEE", "mustard", flat(shirt), look{lilac, mustard, brew, 0x7a2f1e, nil}},
		{"CLO-SWEAT", "", flat(sweater), look{lemon, 0xb4b6b8, brew, 0xc8452f, nil}},
		{"CLO-SWEAT", "forest", flat(sweater), look{blush, forest, brew, 0xf0c14b, nil}},
		{"CLO-APRON", "", flat(apron), look{mint, navy, brew, 0xe9c98d, nil}},
		{"CLO-APRON", "olive", flat(apron), look{sand, olive, brew, 0x3f3a20, nil}},
		{"CLO-APRON", "rust", flat(apron), look{sky, rust, brew, 0x4f2416, nil}},
		{"CLO-TOTE", "", flat(tote), look{blush, natural, brew, 0xc8452f, nil}},
		{"CLO-TOTE", "navy", flat(tote), look{lemon, navy, brew, 0xf0c14b, nil}},
		{"CLO-TOTE", "mustard", flat(tote), look{sky, mustard, brew, 0x7a2f1e, nil}},
		{"CLO-CAP", "", flat(hat), look{sand, forest, brew, 0xf0c14b, nil}},
		{"CLO-CAP", "rust", flat(hat), look{mint, rust, brew, cream, nil}},
		{"CLO-SOCK", "", flat(socks), look{mint, mustard, cream, 0xc8452f, nil}},
		{"CLO-SOCK", "navy", flat(socks), look{blush, navy, cream, mustard, nil}},
	}
}
