package keychain

// Formats returns the formats of the slots that a keychain knows by itself, used
// without any network: those of VK, X (Twitter) and Instagram. Every network declares
// its own (networks.Descriptor.Slots); what is handed in (Options.Formats) goes before
// what stands here, kind by kind.
func Formats() []Format {
	return []Format{
		{Slot: "vk", Title: "VK token", Shapes: []Shape{
			{Kind: "service key, community or user token", Bare: true},
			{Kind: "VK ID", Required: []string{"client_id", "access_token", "refresh_token", "device_id"},
				Optional: []string{"expires_at", "service_token"}},
		}},
		{Slot: "raw_vk", Title: "VK login", Shapes: []Shape{
			{Kind: "direct login of an approved application", Required: []string{"app_id", "app_secret", "login", "password"}},
		}},
		{Slot: "tw", Title: "X (Twitter) token", Shapes: []Shape{
			{Kind: "four keys (OAuth 1.0a)", Required: []string{"consumer_key", "consumer_secret", "access_token", "access_secret"}},
			{Kind: "bearer token", Required: []string{"bearer_token"}},
			{Kind: "app key and secret", Required: []string{"consumer_key", "consumer_secret"}, Optional: []string{"bearer_token"}},
			{Kind: "user token (OAuth 2)", Required: []string{"client_id", "access_token", "refresh_token"}, Optional: []string{"client_secret", "expires_at"}},
		}},
		{Slot: "ig", Title: "Instagram token", Shapes: []Shape{
			{Kind: "Instagram Login", Bare: true},
			{Kind: "Business Discovery", Required: []string{"access_token", "ig_user_id"}, Optional: []string{"app_secret", "app_id"}},
		}},
	}
}
