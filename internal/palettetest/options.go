package palettetest

// TenantAdmin is the key that may do everything, and Viewer one that may only
// look: at the list of registries, how their syncs went, and at packs.
const (
	TenantAdmin = "canary-palette/admin+key%41"
	Viewer      = "canary-palette/viewer+key"
)

// Options says what a server is like. The zero value speaks plain HTTP.
type Options struct {
	Addr string // to listen on; default a free port of 127.0.0.1
	TLS  bool   // HTTPS with a certificate of an authority of its own
	Dir  string // for certificates; default a new folder

	PageSize   int  // entries of a page, whatever is asked for; 0: as asked, at most 50
	SyncLooks  int  // how often a sync is seen in progress before it ends
	TagOnly    bool // versions are told as tag only
	VersionTag bool // versions are told as version, tags are their group: 1.x
	LatestOnly bool // values are told of the newest version only, others by their UID
	NoValidate bool // the API has no validate
	HideTLS    bool // certificates do not come back

	AWSEndpoint string    // of ECR's and STS' API
	AWSAccess   [2]string // access key and secret key that Palette itself has, to assume roles
}
