package harbortest

import "time"

// The administrator that every server has.
const (
	AdminName     = "admin"
	AdminPassword = "Harbor12345"
)

const defaultTokenLife = 30 * time.Minute

// Options says what a server is like. The zero value has one user, the
// administrator, no project, and speaks plain HTTP.
type Options struct {
	// Binary is the registry server (distribution v3); by default .bin/registry
	// in the module that the working directory is in.
	Binary string
	// Addr is the loopback address to listen on; by default a free port of 127.0.0.1.
	Addr string
	// TLS serves HTTPS with a certificate of Server.CA.
	TLS bool
	// ExternalURL is Harbor's external_url; by default Server.URL. Only its
	// scheme has an effect: it is that of the token service's address.
	ExternalURL string
	// LoseHost, when set, is the Host that Harbor sees instead of the one that
	// the client sent: a reverse proxy in front of it that does not pass it on.
	LoseHost string
	// StrictHead makes HEAD /projects ask for the right to read the project, as
	// Harbor's development branch does; 2.16 answers every user.
	StrictHead bool
	// Users are there besides the administrator.
	Users []User
	// TokenLife is how long tokens are valid; 0 means 30 minutes.
	TokenLife time.Duration
	// Now is the clock of the server; by default the real one.
	Now func() time.Time
}

// User is somebody with a password.
type User struct {
	Name, Password string
	Admin          bool
	Roles          map[string]Role // by project
}

// Role is what a user may do in a project.
type Role int

// Roles, with the numbers that Harbor's API gives them.
const (
	RoleProjectAdmin Role = 1
	RoleDeveloper    Role = 2
	RoleGuest        Role = 3
	RoleMaintainer   Role = 4
)

func (o *Options) setDefaults() {
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	if o.TokenLife == 0 {
		o.TokenLife = defaultTokenLife
	}
	if o.Now == nil {
		o.Now = time.Now
	}
}
