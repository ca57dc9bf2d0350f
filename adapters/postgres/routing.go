package postgres

// Route says which server a port method reads from.
type Route bool

// The routes.
const (
	PrimaryOnly    Route = false
	ReplicaAllowed Route = true // if it has come to the mark that the reader brings
)

// Routes returns the route of every port method of the stores, under the name of
// its store's field and its own. What decides something reads the primary; what
// shows something may read a replica.
func Routes() map[string]Route {
	return map[string]Route{
		"Catalog.Tx.InTx":                    PrimaryOnly,
		"Catalog.Products.BySlug":            ReplicaAllowed,
		"Catalog.Products.ByIDs":             ReplicaAllowed,
		"Catalog.Products.Page":              ReplicaAllowed,
		"Catalog.Products.Walk":              ReplicaAllowed,
		"Catalog.Taxonomy.Taxonomy":          ReplicaAllowed,
		"Catalog.Taxonomy.ActiveCounts":      ReplicaAllowed,
		"Catalog.Records.Product":            PrimaryOnly,
		"Catalog.Records.ProductsByID":       PrimaryOnly,
		"Catalog.Records.ProductsBySKU":      PrimaryOnly,
		"Catalog.Records.Browse":             PrimaryOnly,
		"Catalog.Records.SKUs":               PrimaryOnly,
		"Catalog.Records.All":                PrimaryOnly,
		"Catalog.Offers.Offers":              PrimaryOnly,
		"Catalog.Images.AddImage":            PrimaryOnly,
		"Catalog.Images.ImagesByID":          PrimaryOnly,
		"Catalog.Imports.SaveImport":         PrimaryOnly,
		"Catalog.Imports.AddRejects":         PrimaryOnly,
		"Catalog.Imports.Import":             PrimaryOnly,
		"Catalog.Imports.Rejects":            PrimaryOnly,
		"Catalog.Settings.Versions":          PrimaryOnly,
		"Catalog.Settings.Setting":           PrimaryOnly,
		"Catalog.Settings.SaveSetting":       PrimaryOnly,
		"Catalog.Works.Work":                 PrimaryOnly,
		"Catalog.Works.SaveWork":             PrimaryOnly,
		"Catalog.Tallies.AddTallies":         PrimaryOnly,
		"Catalog.Tallies.Topics":             PrimaryOnly,
		"Catalog.Tallies.PopularTopics":      PrimaryOnly,
		"Catalog.Tallies.DropTallies":        PrimaryOnly,
		"Catalog.Sales.CountSales":           PrimaryOnly,
		"Catalog.Sales.Unranked":             PrimaryOnly,
		"Catalog.Sales.Ranked":               PrimaryOnly,
		"Catalog.Sales.DropSales":            PrimaryOnly,
		"Catalog.Marks.Position":             PrimaryOnly,
		"Orders.Tx.InTx":                     PrimaryOnly,
		"Orders.Carts.Cart":                  PrimaryOnly,
		"Orders.Carts.Insert":                PrimaryOnly,
		"Orders.Carts.Update":                PrimaryOnly,
		"Orders.Stock.Availability":          ReplicaAllowed,
		"Orders.Stock.Levels":                PrimaryOnly,
		"Orders.Stock.BrowseLevels":          PrimaryOnly,
		"Orders.Stock.Movements":             PrimaryOnly,
		"Orders.Orders.Order":                PrimaryOnly,
		"Orders.Orders.OrderByNumber":        PrimaryOnly,
		"Orders.Orders.BrowseOrders":         PrimaryOnly,
		"Orders.History.OrdersOf":            ReplicaAllowed,
		"Orders.Payments.Payment":            PrimaryOnly,
		"Orders.Payments.PaymentOf":          PrimaryOnly,
		"Orders.Payments.PaymentByReference": PrimaryOnly,
		"Orders.Payments.PaymentsOf":         PrimaryOnly,
		"Orders.Payments.DueForCheck":        PrimaryOnly,
		"Orders.Events.PaymentEvent":         PrimaryOnly,
		"Orders.Events.BrowsePaymentEvents":  PrimaryOnly,
		"Orders.Keys.Claim":                  PrimaryOnly,
		"Orders.Keys.Remember":               PrimaryOnly,
		"Orders.Keys.Release":                PrimaryOnly,
		"Orders.Prices.PriceRules":           PrimaryOnly,
		"Orders.Coupons.Coupons":             PrimaryOnly,
		"Orders.Coupons.CouponsOf":           PrimaryOnly,
		"Orders.Webhooks.Endpoints":          PrimaryOnly,
		"Orders.Webhooks.Endpoint":           PrimaryOnly,
		"Orders.Webhooks.Deliveries":         PrimaryOnly,
		"Orders.Webhooks.Delivery":           PrimaryOnly,
		"Orders.Queue.ClaimDeliveries":       PrimaryOnly,
		"Orders.Queue.SettleDeliveries":      PrimaryOnly,
		"Orders.Queue.DropDeliveries":        PrimaryOnly,
		"Orders.Queue.PendingDeliveries":     PrimaryOnly,
		"Orders.Expired.ExpiredReservations": PrimaryOnly,
		"Orders.Expired.DropExpiredCarts":    PrimaryOnly,
		"Orders.Expired.DropOldKeys":         PrimaryOnly,
		"Orders.Expired.DropOldEvents":       PrimaryOnly,
		"Orders.Marks.Position":              PrimaryOnly,
		"Identity.Tx.InTx":                   PrimaryOnly,
		"Identity.Marks.Position":            PrimaryOnly,
	}
}
